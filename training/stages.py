"""The stages: from a config file and the corpora to a folder of results under `runs/`."""

import json
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from engine.labels import EMOTIONS
from engine.prompt import Prompt
from engine.students import AudioConfig, TextConfig, TextStudent, VideoConfig, VideoStudent
from training.audio import AudioSettings, AudioTask
from training.audio import make_student as make_voice
from training.checkpoint import save_weights
from training.clips import load_features
from training.corpora import dailydialog, emorynlp, goemotions, iemocap
from training.corpora.dailydialog import read_dailydialog
from training.corpora.emorynlp import read_emorynlp
from training.corpora.faces import read_faces
from training.corpora.goemotions import read_goemotions
from training.corpora.iemocap import read_iemocap
from training.corpora.meld import read_meld
from training.corpora.voices import read_voices
from training.loop import Plan, fit
from training.pools import ask_teachers
from training.readout import finish, net
from training.text import Rows, TextSettings, TextTask, make_rows, make_student, make_tokenizer
from training.video import VideoSettings, VideoTask
from training.warm import Corpus, WarmModel, WarmSettings, WarmTask, comment_rows

CONFIGS = Path(__file__).parent / "configs"


def read_config(stage: str, configs: Path) -> dict[str, Any]:
    """The tables of a stage's TOML file."""
    with (configs / f"{stage}.toml").open("rb") as file:
        return tomllib.load(file)


def train_warm(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains the text encoder on GoEmotions, DailyDialog and EmoryNLP into `runs/warm`."""
    tables = read_config("warm", configs)
    plan, settings = Plan(**tables["plan"]), WarmSettings(**tables["text"])
    tokenizer = make_tokenizer(settings.base)
    prompt = Prompt(tokenizer, settings.turns, settings.max_tokens)
    comments = [comment_rows(c.texts, c.labels, prompt) for c in (read_goemotions(data, s) for s in ("train", "dev"))]
    corpora = {"goemotions": Corpus(comments[0], comments[1], goemotions.CLASSES)}
    for name, read, labels in (
        ("dailydialog", read_dailydialog, dailydialog.LABELS),
        ("emorynlp", read_emorynlp, emorynlp.LABELS),
    ):
        train, dev = (make_rows(read(data, split), prompt) for split in ("train", "dev"))
        corpora[name] = Corpus(train, dev, len(labels))
    student = make_student(settings.base, tokenizer, plan.seed, len(EMOTIONS))
    model = WarmModel(student, {name: corpus.classes for name, corpus in corpora.items()})
    folder = _prepare(runs / "warm", student.config)
    scores = fit(WarmTask(model, prompt, corpora, plan.batch, plan.seed, settings), plan, folder)
    save_weights(student, folder / "student.safetensors")
    return scores


def _begin(settings: TextSettings, tokenizer: Tokenizer, runs: Path, seed: int, labels: int) -> TextStudent:
    """A text student with the weights of the run that it starts from, its head apart."""
    student = make_student(settings.base, tokenizer, seed, labels)
    if settings.start:
        path = runs / settings.start / "student.safetensors"
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing: run `undertone train {settings.start}` first")
        kept = load_file(path)
        student.load_state_dict({n: v for n, v in kept.items() if not n.startswith("head.")}, strict=False)
    return student


def train_teachers(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """One text student for each fold of MELD's dialogues, trained on all other folds, into `runs/text-fold0` and so on.

    Together they teach the student that is shipped. What each says of its own fold is what the fusion is trained on:
    as sure as a student is of dialogues that it never saw.
    """
    tables = read_config("teachers", configs)
    plan, settings = Plan(**tables["plan"]), TextSettings(**tables["text"])
    tokenizer = make_tokenizer(settings.base)
    dialogues, dev, folds = read_meld(data, "train"), read_meld(data, "dev"), len(tables["turns"])
    scores: dict[str, float] = {}
    for fold, turns in enumerate(tables["turns"]):
        prompt = Prompt(tokenizer, turns, settings.max_tokens)
        train = make_rows([d for i, d in enumerate(dialogues) if i % folds != fold], prompt)
        mine, own = replace(plan, seed=plan.seed + fold), replace(settings, turns=turns)
        student = _begin(settings, tokenizer, runs, mine.seed, len(EMOTIONS))
        task = TextTask(student, prompt, train, make_rows(dev, prompt), plan.batch, mine.seed, own)
        best = fit(task, mine, _prepare(runs / f"text-fold{fold}", student.config))
        scores |= {f"{name}_fold{fold}": value for name, value in best.items()}
    return scores


def train_text(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Distils the text teachers into the text student, into `runs/text`."""
    tables = read_config("text", configs)
    plan, settings = Plan(**tables["plan"]), TextSettings(**tables["text"])
    prompt = Prompt(make_tokenizer(settings.base), settings.turns, settings.max_tokens)
    asked = [read_meld(data, "train"), *([read_emorynlp(data, "train")] if settings.emorynlp else [])]
    train, *others = (make_rows(dialogues, prompt) for dialogues in asked)
    for other in others:
        train = train + other.unlabelled()
    tables = read_config("teachers", configs)
    teachers = torch.cat([ask_teachers(runs, tables, dialogues) for dialogues in asked])
    dev = make_rows(read_meld(data, "dev"), prompt)
    return _fine_tune("text", plan, settings, (train, dev), runs, len(EMOTIONS), teachers)


def train_iemocap(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Fine-tunes a text student on IEMOCAP's six labels, into `runs/iemocap`."""
    tables = read_config("iemocap", configs)
    plan, settings = Plan(**tables["plan"]), TextSettings(**tables["text"])
    prompt = Prompt(make_tokenizer(settings.base), settings.turns, settings.max_tokens)
    splits = (make_rows(read_iemocap(data, "train"), prompt), make_rows(read_iemocap(data, "dev"), prompt))
    return _fine_tune("iemocap", plan, settings, splits, runs, len(iemocap.LABELS), None)


def _fine_tune(
    name: str,
    plan: Plan,
    settings: TextSettings,
    splits: tuple[Rows, Rows],
    runs: Path,
    labels: int,
    teachers: Tensor | None,
) -> dict[str, float]:
    tokenizer = make_tokenizer(settings.base)
    prompt = Prompt(tokenizer, settings.turns, settings.max_tokens)
    student = _begin(settings, tokenizer, runs, plan.seed, labels)
    folder = _prepare(runs / name, student.config)
    (folder / "tokenizer.json").write_text(tokenizer.to_str())
    return fit(TextTask(student, prompt, *splits, plan.batch, plan.seed, settings, teachers), plan, folder)


def train_audio(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains the audio student into `runs/audio`."""
    tables = read_config("audio", configs)
    plan, settings = Plan(**tables["plan"]), AudioSettings.of(tables["audio"], tables["soundscape"])
    student = make_voice(AudioConfig(**tables["student"]), settings.base, plan.seed)
    features = load_features(read_voices(data), runs / "voices.npz")
    folder = _prepare(runs / "audio", student.config)
    task, begun = AudioTask(student, features, plan.batch, plan.seed, settings), net(student)
    fit(task, plan, folder)
    finish(student, begun, features, task.train.tolist(), settings)
    save_weights(student, folder / "student.safetensors")
    return task.evaluate()


def train_video(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains the video student into `runs/video`."""
    tables = read_config("video", configs)
    plan, settings = Plan(**tables["plan"]), VideoSettings(**tables["video"])
    torch.manual_seed(plan.seed)
    student = VideoStudent(VideoConfig(**tables["student"]))
    if plan.bf16:
        # A third faster in bf16 on a CPU. In float32 oneDNN writes past its buffers where there are few channels.
        student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    folder = _prepare(runs / "video", student.config)
    train, dev = read_faces(data, "train"), read_faces(data, "dev")
    return fit(VideoTask(student, train, dev, plan.batch, plan.seed, settings), plan, folder)


def _prepare(folder: Path, config: TextConfig | AudioConfig | VideoConfig) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(asdict(config)) + "\n")
    return folder
