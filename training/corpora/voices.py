"""Acted voice clips: RAVDESS, nEMO and TESS, split by speaker, never at random."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from engine.labels import EMOTIONS, Emotion
from training.corpora.root import require

Share = Literal["student", "fusion", "dev"]

# RAVDESS: Livingstone and Russo, PLoS ONE 13(5), 2018. Third field of the name; calm counts as neutral.
_RAVDESS: Final[dict[str, Emotion]] = {
    "01": "neutral", "02": "neutral", "03": "joy", "04": "sadness",
    "05": "anger", "06": "fear", "07": "disgust", "08": "surprise",
}  # fmt: skip
# nEMO: Christop, LREC-COLING 2024 (Polish).
_NEMO: Final[dict[str, Emotion]] = {
    "neutral": "neutral", "happiness": "joy", "surprised": "surprise",
    "anger": "anger", "sadness": "sadness", "fear": "fear",
}  # fmt: skip
# TESS: Pichora-Fuller and Dupuis, 2020. "ps": pleasant surprise.
_TESS: Final[dict[str, Emotion]] = {
    "neutral": "neutral", "happy": "joy", "ps": "surprise", "angry": "anger",
    "sad": "sadness", "fear": "fear", "disgust": "disgust",
}  # fmt: skip

# Who is kept away from the student: half of them for composing the fusion's training dialogues, half for dev.
_KEPT: Final[dict[str, Share]] = {
    "ravdess-17": "fusion", "ravdess-18": "fusion", "nemo-EB0": "fusion",
    "ravdess-19": "dev", "ravdess-20": "dev", "nemo-WR0": "dev",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clip:
    """One acted sentence. speaker: with its corpus before it, such as "nemo-EB0"; label: index into EMOTIONS."""

    path: Path
    speaker: str
    label: int

    @property
    def corpus(self) -> str:
        return self.speaker.split("-")[0]

    @property
    def share(self) -> Share:
        """What this speaker is used for; a speaker has only one use."""
        return _KEPT.get(self.speaker, "student")


def read_voices(root: Path) -> list[Clip]:
    """All clips of the three corpora, in a fixed order; raises MissingCorpus."""
    return [*_ravdess(root / "ravdess"), *_nemo(root / "nemo"), *_tess(root / "tess")]


def _ravdess(folder: Path) -> Iterator[Clip]:
    require(folder, "RAVDESS speech as Actor_NN/*, https://zenodo.org/record/1188976")
    for path in sorted(folder.glob("Actor_*/*.*")):
        fields = path.stem.split("-")
        yield Clip(path, f"ravdess-{fields[6]}", EMOTIONS.index(_RAVDESS[fields[2]]))


def _nemo(folder: Path) -> Iterator[Clip]:
    require(folder, "nEMO as SPEAKER_emotion_N.*, https://github.com/amu-cai/nEMO")
    for path in sorted(folder.glob("*_*_*.*")):
        speaker, emotion, _ = path.stem.split("_")
        yield Clip(path, f"nemo-{speaker}", EMOTIONS.index(_NEMO[emotion]))


def _tess(folder: Path) -> Iterator[Clip]:
    require(folder, "TESS as SPEAKER_word_emotion.*, https://tspace.library.utoronto.ca/handle/1807/24487")
    for path in sorted(folder.glob("*AF_*_*.*")):
        speaker, _, emotion = path.stem.split("_")
        yield Clip(path, f"tess-{speaker}", EMOTIONS.index(_TESS[emotion]))
