"""What the trained students say of everything that the fusion is trained and judged on, computed once."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from tokenizers import Tokenizer
from torch import Tensor

from engine.labels import EMOTIONS
from engine.magt import features
from engine.prompt import Prompt
from engine.students import AudioConfig, AudioStudent, TextConfig, TextStudent, VideoConfig, VideoStudent
from training.audio import read_clips
from training.calibrate import fit_temperature
from training.checkpoint import load_weights
from training.clips import Features
from training.compose import Composition, Pool
from training.corpora.dialogue import Dialogue
from training.corpora.faces import Faces
from training.corpora.voices import Share
from training.fusion import Composer
from training.text import TextSettings, make_rows, make_tokenizer, read_rows
from training.video import read_faces_with

Student = TypeVar("Student", TextStudent, AudioStudent, VideoStudent)


def load_text(folder: Path) -> TextStudent:
    """The text student that `undertone train text` left in a folder."""
    return _load(TextStudent(TextConfig(**_config(folder))), folder)


def load_audio(folder: Path) -> AudioStudent:
    """The audio student that `undertone train audio` left in a folder."""
    return _load(AudioStudent(AudioConfig(**_config(folder))), folder, "student")


def load_video(folder: Path) -> VideoStudent:
    """The video student that `undertone train video` left in a folder."""
    return _load(VideoStudent(VideoConfig(**_config(folder))), folder)


def load_prompt(folder: Path, turns: int, max_tokens: int) -> Prompt:
    """The prompt with the tokenizer that `undertone train text` left in a folder."""
    return Prompt(Tokenizer.from_file(str(folder / "tokenizer.json")), turns, max_tokens)


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `undertone train {folder.name}` first")
    kept: dict[str, Any] = json.loads(path.read_text())
    return kept


def _load(student: Student, folder: Path, kept: str = "best") -> Student:
    load_weights(student, folder / f"{kept}.safetensors")
    student.eval()
    return student


def read_dialogues(
    student: TextStudent, prompt: Prompt, dialogues: Sequence[Dialogue], *, bf16: bool = False
) -> list[Tensor]:
    """What the text student says of each turn, [N, D + 7] for each dialogue."""
    out = read_rows(student, prompt, make_rows(dialogues, prompt).rows, bf16=bf16)
    return list(torch.split(features(out.embedding, out.logits), [len(dialogue.turns) for dialogue in dialogues]))


def load_teachers(runs: Path, tables: Mapping[str, Any]) -> list[tuple[TextStudent, Prompt]]:
    """What `undertone train teachers` left, each with its own prompt, in the order of the folds."""
    settings = TextSettings(**tables["text"])
    tokenizer = make_tokenizer(settings.base)
    return [
        (load_text(runs / f"text-fold{fold}"), Prompt(tokenizer, turns, settings.max_tokens))
        for fold, turns in enumerate(tables["turns"])
    ]


def ask_teachers(runs: Path, tables: Mapping[str, Any], dialogues: Sequence[Dialogue]) -> Tensor:
    """The teachers' mean probabilities of all turns, [n, 7]: half of it from the one that was not trained on a turn."""
    teachers = load_teachers(runs, tables)
    said = torch.stack(
        [
            read_rows(student, prompt, make_rows(dialogues, prompt).rows, bf16=True).logits.softmax(-1)
            for student, prompt in teachers
        ]
    )
    fold = torch.tensor([i % len(teachers) for i, d in enumerate(dialogues) for _ in d.turns])
    unseen = said[fold, torch.arange(len(fold))]
    return 0.5 * unseen + 0.5 * (said.sum(dim=0) - unseen) / (len(teachers) - 1)


def crossfit(
    runs: Path,
    tables: Mapping[str, Any],
    whole: tuple[TextStudent, Prompt],
    dialogues: Sequence[Dialogue],
    shift: Tensor,
) -> list[Tensor]:
    """Each dialogue's turns as the teacher says them that was trained on all folds but the dialogue's.

    whole: the student that is shipped. Each teacher's embeddings are turned into its space (`align`), since it is what
    the fusion will read; its logits are moved by `shift` and calibrated, as the student's are.
    """
    shipped = read_dialogues(*whole, dialogues, bf16=True)
    teachers = load_teachers(runs, tables)
    rows: list[Tensor] = [torch.empty(0)] * len(dialogues)
    for fold, (student, own) in enumerate(teachers):
        unseen = slice(fold, None, len(teachers))
        made = make_rows(dialogues[unseen], own)
        said = read_rows(student, own, made.rows, bf16=True)
        logits = (said.logits + shift) / fit_temperature(said.logits + shift, made.labels)
        target = torch.cat(shipped[unseen])[:, : -len(EMOTIONS)]
        turned = features(align(said.embedding, target), logits)
        rows[unseen] = torch.split(turned, [len(dialogue.turns) for dialogue in dialogues[unseen]])
    return rows


def align(rows: Tensor, target: Tensor) -> Tensor:
    """rows [N, D] moved and turned as one to lie nearest to target [N, D] (orthogonal Procrustes; Schoenemann, 1966).

    A rigid motion: it brings two students' axes together, and can't carry over what the target knows of single rows.
    """
    centre, goal = rows.mean(dim=0), target.mean(dim=0)
    left, _, right = torch.linalg.svd((rows - centre).T @ (target - goal))
    turned: Tensor = (rows - centre) @ left @ right
    return turned + goal


def voice_pool(student: AudioStudent, voices: Features, share: Share) -> Pool:
    """What the audio student says of the clips of one share of the speakers."""
    chosen = [index for index, clip in enumerate(voices.clips) if clip.share == share]
    return Pool.of(read_clips(student, voices, chosen), voices.labels[chosen])


def face_pool(student: VideoStudent, faces: Faces) -> Pool:
    """What the video student says of these faces, all with one of our emotions as their majority."""
    return Pool.of(read_faces_with(student, faces.images), faces.majority)


def composer(
    text: Sequence[Tensor], dialogues: Sequence[Dialogue], voice: Pool, face: Pool, composition: Composition
) -> Composer:
    """Dialogues with what their turns' voices and faces are drawn from."""
    labels = [torch.tensor(dialogue.labels) for dialogue in dialogues]
    speakers = [torch.tensor([turn.speaker - 1 for turn in dialogue.turns]) for dialogue in dialogues]
    return Composer(text, labels, speakers, {"audio": voice, "video": face}, composition)
