"""Experiments that a choice rests on: each trains variants of one stage side by side and writes one table of scores."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.magt import features
from engine.students import AudioConfig
from training import pools
from training.audio import AudioSettings, AudioTask, make_student
from training.clips import load_features
from training.compose import Pool
from training.corpora.meld import read_meld
from training.corpora.voices import read_voices
from training.lesson import Lesson
from training.loop import Plan, fit
from training.losses import Distillation
from training.stages import CONFIGS, read_config
from training.text import TextSettings, make_rows, read_rows


def leave_one_out(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains the voice student on all corpora but one and scores it on that one: does it learn voices, or the corpora?

    Shorter than the stage itself (`left_out.toml`). Writes `runs/left-out.json`.
    """
    tables = read_config("audio", configs) | read_config("left_out", configs)
    plan = replace(Plan(**tables["plan"]), epochs=tables["epochs"])
    voices = load_features(read_voices(data), runs / "voices.npz")
    scores: dict[str, float] = {}
    for corpus in tables["corpora"]:
        settings = replace(AudioSettings.of(tables["audio"], tables["soundscape"]), left_out=corpus)
        student = make_student(AudioConfig(**tables["student"]), settings.base, plan.seed)
        task = AudioTask(student, voices, plan.batch, plan.seed, settings)
        fit(task, plan, runs / f"left-out-{corpus}")
        history = _history(runs / f"left-out-{corpus}")
        # The last epoch, not the best: choosing the epoch on the corpus left out would be training on it.
        scores[f"uar_{corpus}"] = history[-1][f"uar_{corpus}"]
    (runs / "left-out.json").write_text(json.dumps(scores, indent=2) + "\n")
    return scores


def distillation(data: Path, runs: Path, configs: Path = CONFIGS) -> dict[str, float]:
    """Trains the voice student with each set of MAGTKD's distillation terms and each seed, the text student teaching.

    Shorter than the stage itself (`distillation.toml`). Writes `runs/distillation.json`: mean and spread of the UAR.
    """
    tables = read_config("audio", configs) | read_config("distillation", configs)
    settings = AudioSettings.of(tables["audio"], tables["soundscape"])
    voices, taught = load_features(read_voices(data), runs / "voices.npz"), _teacher(data, runs, configs)
    scores: dict[str, float] = {}
    for name, terms in tables["terms"].items():
        found = []
        for seed in tables["seeds"]:
            plan = replace(Plan(**tables["plan"]), epochs=tables["epochs"], seed=seed)
            config = AudioConfig(**tables["student"])
            lesson = Lesson.of(taught, config.embedding, Distillation(**terms))
            task = AudioTask(make_student(config, settings.base, seed), voices, plan.batch, seed, settings, lesson)
            fit(task, plan, runs / f"distillation-{name}-{seed}")
            found.append(_history(runs / f"distillation-{name}-{seed}")[-1]["uar"])
        spread = float(np.std(found, ddof=1)) if len(found) > 1 else 0.0
        scores |= {name: float(np.mean(found)), f"{name} spread": spread}
    (runs / "distillation.json").write_text(json.dumps(scores, indent=2) + "\n")
    return scores


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
