"""What the trained students say of everything that the fusion is trained and judged on, computed once."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from engine.labels import EMOTIONS
from engine.magt import features
from engine.prompt import Prompt
from engine.students import AudioConfig, AudioStudent, TextConfig, TextStudent, VideoConfig, VideoStudent
from training.audio import read_clips
from training.checkpoint import load_weights
from training.clips import Features
from training.compose import Composition, Pool
from training.corpora.faces import Faces
from training.corpora.meld import Dialogue
from training.corpora.voices import Share
from training.fusion import Composer
from training.text import make_rows, read_rows
from training.video import read_faces_with

Student = TypeVar("Student", TextStudent, AudioStudent, VideoStudent)


def load_text(folder: Path) -> TextStudent:
    """The text student that `undertone train text` left in a folder."""
    return _load(TextStudent(TextConfig(**_config(folder))), folder)


def load_audio(folder: Path) -> AudioStudent:
    """The audio student that `undertone train audio` left in a folder."""
    return _load(AudioStudent(AudioConfig(**_config(folder))), folder)


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


def _load(student: Student, folder: Path) -> Student:
    load_weights(student, folder / "best.safetensors")
    student.eval()
    return student


def read_dialogues(student: TextStudent, prompt: Prompt, dialogues: Sequence[Dialogue]) -> list[Tensor]:
    """What the text student says of each turn, [N, D + 7] for each dialogue."""
    out = read_rows(student, prompt, make_rows(dialogues, prompt).rows)
    return list(torch.split(features(out.embedding, out.logits), [len(dialogue.turns) for dialogue in dialogues]))


def crossfit(
    halves: tuple[Path, Path], whole: Path, prompt: Prompt, dialogues: Sequence[Dialogue], cache: Path
) -> list[Tensor]:
    """Each dialogue's turns as the student says them that was trained on the other half (`stages.train_folds`).

    whole: the folder of the student that is shipped. Each half's embeddings are turned into its space (`align`), since
    it is what the fusion will read. Kept in `cache` until one of the three is trained again.
    """
    key = hashlib.sha256(
        b"".join((folder / "best.safetensors").read_bytes() for folder in (*halves, whole))
    ).hexdigest()
    sizes = [len(dialogue.turns) for dialogue in dialogues]
    if cache.exists() and key in (kept := load_file(cache)):
        return list(torch.split(kept[key], sizes))
    shipped = read_dialogues(load_text(whole), prompt, dialogues)
    rows: list[Tensor] = [torch.empty(0)] * len(dialogues)
    for fold, folder in enumerate(halves):
        unseen = slice(1 - fold, None, 2)
        said = read_dialogues(load_text(folder), prompt, dialogues[unseen])
        embeddings = align(*(torch.cat(turns)[:, : -len(EMOTIONS)] for turns in (said, shipped[unseen])))
        turned = torch.cat([embeddings, torch.cat(said)[:, -len(EMOTIONS) :]], dim=1)
        rows[unseen] = torch.split(turned, [len(turns) for turns in said])
    cache.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: torch.cat(rows)}, cache)
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
    """What the video student says of these faces."""
    return Pool.of(read_faces_with(student, faces.images), faces.labels)


def label_prior(dialogues: Sequence[Dialogue]) -> Tensor:
    """The share of each emotion among all turns, [7]."""
    labels = torch.tensor([label for dialogue in dialogues for label in dialogue.labels])
    return torch.bincount(labels, minlength=len(EMOTIONS)).float() / len(labels)


def composer(
    text: Sequence[Tensor], dialogues: Sequence[Dialogue], voice: Pool, face: Pool, composition: Composition
) -> Composer:
    """Dialogues with what their turns' voices and faces are drawn from."""
    labels = [torch.tensor(dialogue.labels) for dialogue in dialogues]
    speakers = [torch.tensor([turn.speaker - 1 for turn in dialogue.turns]) for dialogue in dialogues]
    return Composer(text, labels, speakers, {"audio": voice, "video": face}, composition)
