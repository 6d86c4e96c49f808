"""The stages: from a config file and the corpora to a folder of results under `runs/`."""

import json
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from engine.prompt import Prompt
from engine.students import AudioConfig, AudioStudent, TextConfig, VideoConfig, VideoStudent
from training.audio import AudioSettings, AudioTask
from training.clips import load_features
from training.corpora.faces import read_faces, split_faces
from training.corpora.meld import read_meld
from training.corpora.voices import read_voices
from training.loop import Plan, fit
from training.text import TextSettings, TextTask, make_rows, make_student, make_tokenizer
from training.video import VideoSettings, VideoTask

CONFIGS = Path(__file__).parent / "configs"


def read_config(stage: str, configs: Path) -> dict[str, Any]:
    """The tables of a stage's TOML file."""
    with (configs / f"{stage}.toml").open("rb") as file:
        return tomllib.load(file)


def train_text(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Fine-tunes the text student into `runs/text`."""
    tables = read_config("text", configs)
    plan, settings = Plan(**tables["plan"]), TextSettings(**tables["text"])
    tokenizer = make_tokenizer(settings.base)
    prompt = Prompt(tokenizer, settings.turns, settings.max_tokens)
    student = make_student(settings.base, tokenizer, plan.seed)
    train, dev = (make_rows(read_meld(data, split), prompt) for split in ("train", "dev"))
    folder = _prepare(runs / "text", student.config)
    (folder / "tokenizer.json").write_text(tokenizer.to_str())
    return fit(TextTask(student, prompt, train, dev, plan.batch, plan.seed, settings), plan, folder)


def train_audio(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains the audio student into `runs/audio`."""
    tables = read_config("audio", configs)
    plan, settings = Plan(**tables["plan"]), AudioSettings(**tables["audio"])
    torch.manual_seed(plan.seed)
    student = AudioStudent(AudioConfig(**tables["student"]))
    features = load_features(read_voices(data), runs / "voices.npz")
    folder = _prepare(runs / "audio", student.config)
    return fit(AudioTask(student, features, plan.batch, plan.seed, settings), plan, folder)


def train_video(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains the video student into `runs/video`."""
    tables = read_config("video", configs)
    plan, settings = Plan(**tables["plan"]), VideoSettings(**tables["video"])
    torch.manual_seed(plan.seed)
    student = VideoStudent(VideoConfig(**tables["student"]))
    student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a third faster in bf16 on a CPU
    train, _ = split_faces(read_faces(data, "train"), settings.fusion, plan.seed)
    folder = _prepare(runs / "video", student.config)
    return fit(VideoTask(student, train, read_faces(data, "dev"), plan.batch, plan.seed, settings), plan, folder)


def _prepare(folder: Path, config: TextConfig | AudioConfig | VideoConfig) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(asdict(config)) + "\n")
    return folder


def train_folds(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Two text students, each on every second dialogue of MELD's train split, into `runs/text-fold0` and `-fold1`.

    What they say of the other half is what the fusion is trained on: as sure as a student is of dialogues it never saw.
    """
    tables = read_config("folds", configs)
    plan, settings = Plan(**tables["plan"]), TextSettings(**tables["text"])
    tokenizer = make_tokenizer(settings.base)
    prompt = Prompt(tokenizer, settings.turns, settings.max_tokens)
    dialogues, dev = read_meld(data, "train"), make_rows(read_meld(data, "dev"), prompt)
    scores: dict[str, float] = {}
    for fold in (0, 1):
        student = make_student(settings.base, tokenizer, plan.seed)
        task = TextTask(student, prompt, make_rows(dialogues[fold::2], prompt), dev, plan.batch, plan.seed, settings)
        best = fit(task, plan, _prepare(runs / f"text-fold{fold}", student.config))
        scores |= {f"{name}_fold{fold}": value for name, value in best.items()}
    return scores
