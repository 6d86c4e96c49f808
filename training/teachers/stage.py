"""The stage: from a config file and the corpora to `runs/teacher-text`, `teacher-audio` or `teacher-video`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from engine.labels import Modality
from training.loop import Plan, best_device, fit
from training.stages import CONFIGS, read_config
from training.teachers import audio, text, video
from training.teachers.model import Lesson, read_all
from training.teachers.task import TeacherTask

Settings = text.TextTeacherSettings | audio.AudioTeacherSettings | video.VideoTeacherSettings


def train_teacher(
    modality: Modality, data: Path, runs: Path, configs: Path = CONFIGS, model: str | None = None
) -> dict[str, float]:
    """Trains a teacher into `runs/teacher-{modality}`, with `outputs.safetensors` for a student to learn from.

    model: in place of the config's, a Hugging Face name, a folder or a package with a `model/`. Raises MissingCorpus,
    NoWeights, OtherPlan.
    """
    tables = read_config(f"teacher-{modality}", configs)
    plan = Plan(**tables["plan"])
    kept = tables["teacher"] | ({"model": model} if model else {})
    torch.manual_seed(plan.seed)
    settings, lesson, best_by = _prepare(modality, kept, data)
    folder = runs / f"teacher-{modality}"
    scores = fit(TeacherTask(lesson, plan.batch, plan.seed, settings, best_by), plan, folder)
    write_outputs(lesson, plan.batch, folder / "outputs.safetensors", settings.corpus)
    return scores


def _prepare(modality: Modality, kept: Mapping[str, Any], data: Path) -> tuple[Settings, Lesson, str]:
    """Settings, what is learnt, and the dev score that chooses the epoch."""
    match modality:
        case "text":
            words = text.TextTeacherSettings(**kept)
            return words, text.prepare(words, data), "weighted_f1"
        case "audio":
            voice = audio.AudioTeacherSettings(**kept)
            return voice, audio.prepare(voice, data), "uar"
        case "video":
            face = video.VideoTeacherSettings(**kept)
            return face, video.prepare(face, data), "macro_f1"


def write_outputs(lesson: Lesson, batch: int, path: Path, corpus: str) -> None:
    """logits [n, classes], embeddings [n, D] and labels [n] of the training rows, in the corpus's order.

    The file's metadata says of which corpus they are and the names of the classes.
    """
    out = read_all(lesson.model.to(best_device()), lesson.train, batch)
    said = {"logits": out.logits, "embeddings": out.embedding, "labels": lesson.train.labels}
    tensors = {name: value.contiguous() for name, value in said.items()}
    save_file(tensors, path, metadata={"corpus": corpus, "classes": json.dumps(list(lesson.classes))})
    lesson.model.cpu()
