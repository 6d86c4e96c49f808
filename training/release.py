"""From trained parts to a bundle: fusion, calibration, export, evaluation."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from pydantic import JsonValue, TypeAdapter
from torch import Tensor, nn

from engine.bundle import Bundle, save_bundle
from engine.calibration import SUBSETS, Calibration
from engine.labels import MODALITIES, Modality
from engine.magt import Inputs, Magt, MagtConfig, subset_index
from training import pools
from training.calibrate import adjusted, choose_adjustment, fit_temperature, unsure_below
from training.card import model_card
from training.checkpoint import load_weights
from training.compose import Composition, Pool, reliability_for
from training.evaluation.composed import score_composed
from training.evaluation.degraded.recogniser import SETTINGS
from training.evaluation.degraded.run import PARTS, Part, degraded
from training.evaluation.release import score_students
from training.evaluation.scores import Scores
from training.fusion import HONEST, Composer, FusionSettings, FusionTask, with_subset
from training.loop import Plan, fit
from training.losses import Imbalance
from training.metrics import weighted_f1
from training.stages import CONFIGS, read_config
from training.textgraph import text_graph
from training.trained import Corpora, Students, label_prior

_KEPT = ("n", "uar", "uar_ravdess", "uar_nemo", "accuracy", "weighted_f1", "macro_f1", "word_error_rate", "difference")
_CHANGES = (0.0, 0.5, 1.0)  # of the students' first guess by the fusion
DEV_SEED = 20_000  # the composed dev dialogues are drawn once, from this seed
STAGES = ("warm", "teachers", "text", "audio", "video", "fusion")


def train_fusion(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains the fusion once with each seed into `runs/fusion-SEED`; gives mean and spread of the dev scores."""
    tables = read_config("fusion", configs)
    settings = FusionSettings.of(tables)
    train, dev, students = _material(data, runs, configs, settings)
    (runs / "composition.json").write_text(json.dumps(asdict(train.composition), indent=2) + "\n")
    results = []
    for seed in tables["seeds"]:
        plan = Plan(**tables["plan"], seed=seed)
        torch.manual_seed(seed)
        task = FusionTask(_magt(students, settings), train, dev, plan.batch, seed, settings)
        results.append(fit(task, plan, runs / f"fusion-{seed}"))
    return mean_and_spread(results)


def train_imbalance(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains the fusion with each remedy for rare labels and each seed, into `runs/imbalance-REMEDY-SEED`."""
    tables = read_config("fusion", configs) | read_config("imbalance", configs)
    base = FusionSettings.of(tables)
    train, dev, students = _material(data, runs, configs, base)
    scores: dict[str, float] = {}
    for name, remedy in tables["remedies"].items():
        settings = replace(base, imbalance=Imbalance(**remedy))
        results = []
        for seed in tables["seeds"]:
            plan = replace(Plan(**tables["plan"]), epochs=tables["epochs"], seed=seed)
            torch.manual_seed(seed)
            task = FusionTask(_magt(students, settings), train, dev, plan.batch, seed, settings)
            results.append(fit(task, plan, runs / f"imbalance-{name}-{seed}"))
        found = mean_and_spread(results)
        whole = "+".join(SUBSETS[-1])
        for kind in ("weighted_f1", "macro_f1", "adjusted_weighted_f1", "adjusted_macro_f1"):
            scores |= {f"{name} {kind}{end}": found[f"{kind} {whole}{end}"] for end in ("", " spread")}
    (runs / "imbalance.json").write_text(json.dumps(scores, indent=2) + "\n")
    return scores


def export(data: Path, runs: Path, folder: Path, configs: Path = CONFIGS, parts: Sequence[Part] = PARTS) -> Bundle:
    """Calibrates the best seed's fusion, writes the bundle, judges it as it was written, and writes its card.

    parts: what is judged on degraded input too; reading aloud and recognising words takes some minutes.
    """
    tables = read_config("fusion", configs)
    settings = FusionSettings.of(tables)
    corpora = Corpora.read(data, runs)
    students = Students.load(corpora, runs, configs)
    results = {
        seed: json.loads((runs / f"fusion-{seed}" / "result.json").read_text())["best"] for seed in tables["seeds"]
    }
    best = max(results, key=lambda seed: results[seed][FusionTask.best_by])
    fusion = _magt(students, settings)
    load_weights(fusion, runs / f"fusion-{best}" / "best.safetensors")
    composition = json.loads((runs / "composition.json").read_text())
    training: Scores = {
        "configs": {stage: read_config(stage, configs) for stage in STAGES},
        "settled": {**asdict(students.settled)},
        "parameters": {part: size(getattr(students, part)) for part in MODALITIES} | {"fusion": size(fusion)},
        "composition": composition,
        "fusion_seeds": {"seeds": list(tables["seeds"]), "exported": best, **mean_and_spread(list(results.values()))},
    }
    dev = compose_dev(students, corpora, _composition(composition))
    training["fusion_settled"] = _settle(fusion.eval(), dev, label_prior(corpora.train))
    calibration = _calibrate(fusion, draw(dev))

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
            graph=text_graph(students.text.config),
        )
        return Bundle.load(folder)

    written = save({}, "# Not judged yet\n")
    scores = {**score_students(written, corpora), "composed": judge_composed(written, corpora)}
    scores["degraded"] = {part: judge_degraded(written, part, data, runs) for part in parts}
    return save(scores, model_card(folder.name, scores, training))


def judge_degraded(bundle: Bundle, part: Part, data: Path, runs: Path) -> Scores:
    """A student's headline figures on clean and degraded input.

    Kept in `runs` until that student is trained again; words also until the recogniser has other settings.
    """
    weights = runs / {"voice": "audio/student", "face": "video/best", "words": "text/best"}[part]
    judge = hashlib.sha256(weights.with_suffix(".safetensors").read_bytes())
    if part == "words":
        judge.update(json.dumps(SETTINGS).encode())
    judged_by, kept = judge.hexdigest(), runs / f"degraded-{part}.json"
    if kept.exists() and (found := json.loads(kept.read_text())).get("judged_by") == judged_by:
        return cast(Scores, found["rows"])
    judged = degraded(bundle, data, runs, (part,)).parts[part]
    rows: Scores = {name: {key: row[key] for key in _KEPT if key in row} for name, row in judged.items()}
    kept.write_text(json.dumps({"judged_by": judged_by, "rows": rows}, indent=2) + "\n")
    return rows


def judge_composed(bundle: Bundle, corpora: Corpora) -> Scores:
    """The figures of a bundle on composed dev dialogues, as its own students read them; ours and those of liars."""
    composition = bundle.manifest.training.get("composition")
    if not isinstance(composition, dict):
        raise TypeError(f"bundle {bundle.name} does not say how its dialogues were composed")
    return score_composed(bundle, partial(draw, compose_dev(bundle, corpora, _composition(composition))))


def compose_dev(students: Students | Bundle, corpora: Corpora, composition: Composition) -> Composer:
    """Dev dialogues with voices and faces of the dev speakers and images alone."""
    text = pools.read_dialogues(students.text, students.prompt, corpora.dev)
    voice = pools.voice_pool(students.audio, corpora.voices, "dev")
    face = pools.face_pool(students.video, corpora.dev_faces)
    return pools.composer(text, corpora.dev, voice, face, composition)


def draw(composer: Composer, lying: Mapping[Modality, float] = HONEST) -> tuple[Inputs, Tensor]:
    """All dialogues of a composer, drawn from one seed: the same each time."""
    with torch.random.fork_rng():
        torch.manual_seed(DEV_SEED)
        return composer.compose(range(len(composer.text)), lying)


def compose_for(voice: Pool, face: Pool, prior: Tensor, settings: FusionSettings) -> Composition:
    """As reliable a voice and a face as the settings ask for, with these pools."""
    audio = reliability_for(settings.voice_f1, voice.recall(), prior)
    video = reliability_for(settings.face_f1, face.recall(), prior)
    return Composition(audio, video, tuple(prior.tolist()))


def _material(
    data: Path, runs: Path, configs: Path, settings: FusionSettings
) -> tuple[Composer, tuple[Inputs, Tensor], Students]:
    """Training dialogues, dev dialogues drawn once, and the students that read both."""
    corpora = Corpora.read(data, runs)
    students = Students.load(corpora, runs, configs)
    voice = pools.voice_pool(students.audio, corpora.voices, "fusion")
    face = pools.face_pool(students.video, corpora.fusion_faces)
    prior = label_prior(corpora.train)
    composition = compose_for(voice, face, prior, settings)
    shift = -students.settled.adjust * prior.log()
    teachers = read_config("teachers", configs)
    text = pools.crossfit(runs, teachers, (students.text, students.prompt), corpora.train, shift)
    train = pools.composer(text, corpora.train, voice, face, composition)
    return train, draw(compose_dev(students, corpora, composition)), students


def _composition(kept: Mapping[str, JsonValue]) -> Composition:
    return TypeAdapter(Composition).validate_python(kept)


def _magt(students: Students, settings: FusionSettings) -> Magt:
    widths = {m: getattr(students, m).config.embedding for m in MODALITIES}
    shape = {name: getattr(settings, name) for name in ("width", "heads", "window", "dropout")}
    return Magt(MagtConfig(**widths, **shape))


def _settle(fusion: Magt, dev: Composer, prior: Tensor) -> Scores:
    """What dev chooses for each set of modalities, set in place: how far the fusion changes the students' first guess,
    by weighted F1, and the logit adjustment. Raw guesses are among the choices: the fusion can't do worse than they.

    A set of several modalities is judged with honest ones and with a voice or a face that lies alike.
    """
    honest, chosen = draw(dev), {}
    liars: dict[Modality, tuple[Inputs, Tensor]] = {m: draw(dev, {**HONEST, m: 1.0}) for m in HONEST}
    for subset in SUBSETS:
        judged = [honest, *(liars[m] for m in liars if m in subset and len(subset) > 1)]
        index = int(subset_index(torch.tensor([m in subset for m in MODALITIES])))
        found = []
        for change in _CHANGES:
            fusion.change[index] = change
            logits, true = _answers(fusion, judged, subset)
            strength = choose_adjustment(logits, true, prior)
            said = adjusted(logits, prior, strength).argmax(dim=-1)
            found.append((weighted_f1(true.numpy(), said.numpy()), change, strength))
        _, change, strength = max(found)
        fusion.change[index], fusion.offset[index] = change, -strength * prior.log()
        chosen["+".join(subset)] = {"change": change, "adjust": strength}
    return cast(Scores, chosen)


@torch.inference_mode()
def _answers(fusion: Magt, drawn: Sequence[tuple[Inputs, Tensor]], subset: Sequence[Modality]) -> tuple[Tensor, Tensor]:
    """Logits [n, 7] and labels [n] of all turns of these dialogues, with only these modalities."""
    logits = [fusion(with_subset(inputs, subset)).logits[inputs.padding] for inputs, _ in drawn]
    return torch.cat(logits), torch.cat([labels[inputs.padding] for inputs, labels in drawn])


def _calibrate(fusion: Magt, drawn: tuple[Inputs, Tensor]) -> Calibration:
    """A temperature for each set of modalities, and when to be unsure; the students' heads are settled already."""
    fused, confidence, right = {}, [], []
    for subset in SUBSETS:
        logits, true = _answers(fusion, [drawn], subset)
        fused["+".join(subset)] = fit_temperature(logits, true)
        sure, said = (logits / fused["+".join(subset)]).softmax(dim=-1).max(dim=-1)
        confidence.append(sure)
        right.append(said == true)
    return Calibration(fused, dict.fromkeys(MODALITIES, 1.0), unsure_below(torch.cat(confidence), torch.cat(right)))


def size(model: nn.Module) -> int:
    """How many parameters a model has."""
    return sum(parameter.numel() for parameter in model.parameters())


def mean_and_spread(results: list[dict[str, float]]) -> dict[str, float]:
    """Mean and standard deviation over seeds, of every score."""
    table: dict[str, float] = {}
    for name in results[0]:
        values = np.array([result[name] for result in results])
        table |= {name: float(values.mean()), f"{name} spread": float(values.std(ddof=1)) if len(values) > 1 else 0.0}
    return table
