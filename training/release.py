"""From trained parts to a bundle: fusion, calibration, export, evaluation."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from pydantic import JsonValue, TypeAdapter
from torch import Tensor

from engine.bundle import Bundle, save_bundle
from engine.calibration import SUBSETS, Calibration
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.magt import Inputs, Magt, MagtConfig
from engine.prompt import Prompt
from engine.students import AudioStudent, TextStudent, VideoStudent
from training import pools
from training.calibrate import fit_temperature, unsure_below
from training.card import model_card
from training.checkpoint import load_weights
from training.clips import Features, load_features
from training.compose import Composition, Pool, reliability_for
from training.corpora.faces import Faces, read_faces, split_faces
from training.corpora.meld import Dialogue, read_meld
from training.corpora.voices import read_voices
from training.evaluate import DevSet, Scores, evaluate
from training.fusion import FusionSettings, FusionTask, with_subset
from training.loop import Plan, fit
from training.stages import CONFIGS, read_config
from training.text import TextSettings
from training.video import VideoSettings

DEV_SEED = 20_000  # the composed dev dialogues are drawn once, from this seed


@dataclass(frozen=True, slots=True, eq=False)
class Students:
    """The three students, and the prompt that the text student reads."""

    text: TextStudent
    prompt: Prompt
    audio: AudioStudent
    video: VideoStudent

    @classmethod
    def load(cls, runs: Path, configs: Path = CONFIGS) -> "Students":
        """Those that `undertone train` left under `runs`; raises FileNotFoundError naming the stage to run."""
        settings = TextSettings(**read_config("text", configs)["text"])
        text = pools.load_text(runs / "text")
        prompt = pools.load_prompt(runs / "text", settings.turns, settings.max_tokens)
        return cls(text, prompt, pools.load_audio(runs / "audio"), pools.load_video(runs / "video"))


@dataclass(frozen=True, slots=True, eq=False)
class Corpora:
    """Everything that the fusion is made of and judged on."""

    train: list[Dialogue]
    dev: list[Dialogue]
    voices: Features
    kept_faces: Faces
    dev_faces: Faces

    @classmethod
    def read(cls, data: Path, runs: Path, configs: Path = CONFIGS) -> "Corpora":
        tables = read_config("video", configs)
        settings, plan = VideoSettings(**tables["video"]), Plan(**tables["plan"])
        _, kept = split_faces(read_faces(data, "train"), settings.fusion, plan.seed)
        voices = load_features(read_voices(data), runs / "voices.npz")
        return cls(read_meld(data, "train"), read_meld(data, "dev"), voices, kept, read_faces(data, "dev"))

    def dev_set(self) -> DevSet:
        return DevSet(self.dev, self.voices, self.dev_faces)


def train_fusion(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains the fusion once with each seed into `runs/fusion-SEED`; gives mean and spread of the dev scores."""
    tables = read_config("fusion", configs)
    settings = FusionSettings(**tables["fusion"])
    corpora, students = Corpora.read(data, runs, configs), Students.load(runs, configs)
    voice = pools.voice_pool(students.audio, corpora.voices, "fusion")
    face = pools.face_pool(students.video, corpora.kept_faces)
    composition = compose_for(voice, face, pools.label_prior(corpora.train), settings)
    halves = (runs / "text-fold0", runs / "text-fold1")
    text = pools.crossfit(halves, runs / "text", students.prompt, corpora.train, runs / "crossfit.safetensors")
    train = pools.composer(text, corpora.train, voice, face, composition)
    dev = _compose_dev(students, corpora.dev_set(), composition)
    (runs / "composition.json").write_text(json.dumps(asdict(composition), indent=2) + "\n")
    results = []
    for seed in tables["seeds"]:
        plan = Plan(**tables["plan"], seed=seed)
        torch.manual_seed(seed)
        task = FusionTask(_magt(students, settings), train, dev, plan.batch, seed, settings)
        results.append(fit(task, plan, runs / f"fusion-{seed}"))
    return _mean_and_spread(results)


def export(data: Path, runs: Path, folder: Path, configs: Path = CONFIGS) -> Bundle:
    """Calibrates the best seed's fusion, writes the bundle, judges it as it was written, and writes its card."""
    tables = read_config("fusion", configs)
    settings = FusionSettings(**tables["fusion"])
    corpora, students = Corpora.read(data, runs, configs), Students.load(runs, configs)
    results = {
        seed: json.loads((runs / f"fusion-{seed}" / "result.json").read_text())["best"] for seed in tables["seeds"]
    }
    best = max(results, key=lambda seed: results[seed][FusionTask.best_by])
    fusion = _magt(students, settings)
    load_weights(fusion, runs / f"fusion-{best}" / "best.safetensors")
    composition = json.loads((runs / "composition.json").read_text())
    training: Scores = {
        "configs": {stage: read_config(stage, configs) for stage in ("text", "folds", "audio", "video", "fusion")},
        "composition": composition,
        "fusion_seeds": {"seeds": list(tables["seeds"]), "exported": best, **_mean_and_spread(list(results.values()))},
    }
    dev = corpora.dev_set()
    inputs, labels = _compose_dev(students, dev, _composition(composition))
    calibration = _calibrate(students, fusion.eval(), dev, inputs, labels)

    def save(scores: Scores, card: str) -> Bundle:
        save_bundle(
            folder,
            name=folder.name,
            text=students.text,
            tokenizer_json=(runs / "text" / "tokenizer.json").read_text(encoding="utf-8"),
            turns=students.prompt.turns,
            max_tokens=students.prompt.max_tokens,
            audio=students.audio,
            video=students.video,
            fusion=fusion,
            calibration=calibration,
            training=training,
            scores=scores,
            card=card,
        )
        return Bundle.load(folder)

    scores = evaluate(save({}, "# Not judged yet\n"), dev, compose_as_shipped)
    return save(scores, model_card(folder.name, scores, training))


def compose_as_shipped(bundle: Bundle, dev: DevSet) -> tuple[Inputs, Tensor]:
    """The composed dev dialogues as this bundle's own students read them."""
    composition = bundle.manifest.training.get("composition")
    if not isinstance(composition, dict):
        raise TypeError(f"bundle {bundle.name} does not say how its dialogues were composed")
    return _compose_dev(
        Students(bundle.text, bundle.prompt, bundle.audio, bundle.video), dev, _composition(composition)
    )


def compose_for(voice: Pool, face: Pool, prior: Tensor, settings: FusionSettings) -> Composition:
    """As reliable a voice and a face as the settings ask for, with these pools."""
    audio = reliability_for(settings.voice_f1, voice.recall(), prior)
    video = reliability_for(settings.face_f1, face.recall(), prior)
    return Composition(audio, video, tuple(prior.tolist()))


def _composition(kept: Mapping[str, JsonValue]) -> Composition:
    return TypeAdapter(Composition).validate_python(kept)


def _compose_dev(students: Students, dev: DevSet, composition: Composition) -> tuple[Inputs, Tensor]:
    """Drawn from one seed, with voices and faces of the dev speakers and images alone: the same each time."""
    text = pools.read_dialogues(students.text, students.prompt, dev.dialogues)
    voice = pools.voice_pool(students.audio, dev.voices, "dev")
    face = pools.face_pool(students.video, dev.faces)
    with torch.random.fork_rng():
        torch.manual_seed(DEV_SEED)
        return pools.composer(text, dev.dialogues, voice, face, composition).compose(range(len(dev.dialogues)))


def _magt(students: Students, settings: FusionSettings) -> Magt:
    widths = {m: getattr(students, m).config.embedding for m in MODALITIES}
    shape = {name: getattr(settings, name) for name in ("width", "heads", "window", "dropout")}
    return Magt(MagtConfig(**widths, **shape))


def _calibrate(students: Students, fusion: Magt, dev: DevSet, inputs: Inputs, labels: Tensor) -> Calibration:
    true, fused, confidence = labels[inputs.padding], {}, []
    with torch.inference_mode():
        for subset in SUBSETS:
            logits = fusion(with_subset(inputs, subset)).logits[inputs.padding]
            fused["+".join(subset)] = fit_temperature(logits, true)
            confidence.append((logits / fused["+".join(subset)]).softmax(dim=-1).amax(dim=-1))
    alone: dict[Modality, float] = {
        "text": fit_temperature(inputs.features["text"][inputs.padding][:, -len(EMOTIONS) :], true)
    }
    said: dict[Modality, Pool] = {
        "audio": pools.voice_pool(students.audio, dev.voices, "dev"),
        "video": pools.face_pool(students.video, dev.faces),
    }
    alone |= {m: fit_temperature(pool.features[:, -len(EMOTIONS) :], pool.labels) for m, pool in said.items()}
    return Calibration(fused, alone, unsure_below(torch.cat(confidence)))


def _mean_and_spread(results: list[dict[str, float]]) -> dict[str, float]:
    """Mean and standard deviation over seeds, of the scores worth a headline."""
    table: dict[str, float] = {}
    for name in (n for n in results[0] if n.startswith(("mean_", "weighted_f1"))):
        values = np.array([result[name] for result in results])
        table |= {name: float(values.mean()), f"{name} spread": float(values.std(ddof=1)) if len(values) > 1 else 0.0}
    return table
