"""Experiments that a choice rests on: each trains variants of one stage side by side and writes one table of scores."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from engine.magt import features
from engine.students import AudioConfig, VideoConfig, VideoStudent
from training import pools
from training.audio import AudioSettings, AudioTask, make_student
from training.checkpoint import load_last
from training.clips import load_features
from training.compose import Pool
from training.corpora.faces import read_faces
from training.corpora.meld import read_meld
from training.corpora.voices import read_voices
from training.lesson import Lesson
from training.loop import Plan, fit
from training.losses import Distillation
from training.readout import finish, net
from training.stages import CONFIGS, read_config
from training.text import TextSettings, make_rows, read_rows
from training.video import VideoSettings, VideoTask


def leave_one_out(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains the voice student on all corpora but one and scores it on that one: does it learn voices, or the corpora?

    Shorter than the stage itself (`left_out.toml`). Writes `runs/left-out.json`: UAR of the corpus left out, by the
    head alone before the student is finished, and as it is used.
    """
    tables = read_config("audio", configs) | read_config("left_out", configs)
    plan = replace(Plan(**tables["plan"]), epochs=tables["epochs"], rate=tables["rate"])
    voices = load_features(read_voices(data), runs / "voices.npz")
    scores: dict[str, float] = {}
    for corpus in tables["corpora"]:
        settings = replace(AudioSettings.of(tables["audio"], tables["soundscape"]), left_out=corpus)
        student = make_student(AudioConfig(**tables["student"]), settings.base, plan.seed)
        task, begun = AudioTask(student, voices, plan.batch, plan.seed, settings), net(student)
        folder = runs / f"left-out-{corpus}"
        fit(task, plan, folder)
        # The last epoch, not the best: choosing the epoch on the corpus left out would be training on it.
        load_last(student, folder)
        scores[f"uar_{corpus} by_head"] = task.evaluate()[f"uar_{corpus}"]
        finish(student, begun, voices, task.train.tolist(), settings)
        scores[f"uar_{corpus}"] = task.evaluate()[f"uar_{corpus}"]
    (runs / "left-out.json").write_text(json.dumps(scores, indent=2) + "\n")
    return scores


def distillation(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains voice and face student with each set of MAGTKD's terms and each seed, the text student teaching.

    Shorter than the stages themselves (`distillation.toml`). Writes `runs/distillation.json`: mean and spread over
    seeds of the voice's UAR and the face's accuracy, after the last epoch.
    """
    tables, taught = read_config("distillation", configs), _teacher(data, runs, configs)
    scores: dict[str, float] = {}
    for modality, make in (("voice", _voice_task), ("face", _face_task)):
        for name, terms in tables["terms"].items():
            found = []
            for seed in tables["seeds"]:
                task, plan = make(data, runs, configs, taught, Distillation(**terms), seed)
                plan = replace(plan, **tables[modality], seed=seed)
                folder = runs / f"distillation-{modality}-{name}-{seed}"
                fit(task, plan, folder)
                found.append(_history(folder)[-1][task.best_by])
            spread = float(np.std(found, ddof=1)) if len(found) > 1 else 0.0
            scores |= {f"{modality} {name}": float(np.mean(found)), f"{modality} {name} spread": spread}
    (runs / "distillation.json").write_text(json.dumps(scores, indent=2) + "\n")
    return scores


def _voice_task(
    data: Path, runs: Path, configs: Path, taught: Pool, terms: Distillation, seed: int
) -> tuple[AudioTask, Plan]:
    tables = read_config("audio", configs)
    settings, config = AudioSettings.of(tables["audio"], tables["soundscape"]), AudioConfig(**tables["student"])
    voices, plan = load_features(read_voices(data), runs / "voices.npz"), Plan(**tables["plan"])
    lesson = Lesson.of(taught, config.embedding, terms)
    return AudioTask(make_student(config, settings.base, seed), voices, plan.batch, seed, settings, lesson), plan


def _face_task(
    data: Path, _runs: Path, configs: Path, taught: Pool, terms: Distillation, seed: int
) -> tuple[VideoTask, Plan]:
    tables = read_config("video", configs)
    settings, config = VideoSettings(**tables["video"]), VideoConfig(**tables["student"])
    plan, lesson = Plan(**tables["plan"]), Lesson.of(taught, config.embedding, terms)
    torch.manual_seed(seed)
    student = VideoStudent(config)
    few = read_faces(data, "train").take(torch.arange(read_config("distillation", configs)["faces"]))
    return VideoTask(student, few, read_faces(data, "dev"), plan.batch, seed, settings, lesson), plan


def _teacher(data: Path, runs: Path, configs: Path) -> Pool:
    """What the text student says of MELD's training utterances."""
    settings = TextSettings(**read_config("text", configs)["text"])
    student = pools.load_text(runs / "text")
    prompt = pools.load_prompt(runs / "text", settings.turns, settings.max_tokens)
    rows = make_rows(read_meld(data, "train"), prompt)
    said = read_rows(student, prompt, rows.rows)
    return Pool(features(said.embedding, said.logits), rows.labels)


def _history(folder: Path) -> Sequence[dict[str, float]]:
    history: list[dict[str, float]] = json.loads((folder / "result.json").read_text())["history"]
    return history
