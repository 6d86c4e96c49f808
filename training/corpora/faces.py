"""FER2013 (Goodfellow et al., 2013) with the votes of FER+ (Barsoum et al., ICMI 2016)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.labels import EMOTIONS, Emotion
from engine.utterance import FACE_SIZE
from training.corpora.dialogue import read_csv
from training.corpora.root import MissingCorpus, require

_VOTES: Final[dict[str, Emotion]] = {
    "neutral": "neutral", "happiness": "joy", "surprise": "surprise", "sadness": "sadness",
    "anger": "anger", "disgust": "disgust", "fear": "fear",
}  # fmt: skip
_ORIGINAL: Final[dict[str, Emotion]] = {
    "angry": "anger", "disgust": "disgust", "fear": "fear", "happy": "joy",
    "neutral": "neutral", "sad": "sadness", "surprise": "surprise",
}  # fmt: skip

_USAGE: Final = {"train": "Training", "dev": "PublicTest", "test": "PrivateTest"}

VOTES: Final = (*EMOTIONS, "contempt")  # the classes of FER+, ours first
NOT_SCORED: Final = ("unknown", "not_a_face")

# The official files' own orders: FER2013's numbers, and FER+'s columns for VOTES and NOT_SCORED.
_NUMBERED: Final[tuple[Emotion, ...]] = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
_COUNTED: Final = (
    "neutral", "happiness", "surprise", "anger", "sadness", "fear", "disgust", "contempt", "unknown", "NF",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Faces:
    """images: uint8 [n, 48, 48]; votes: float [n, 10], raters' votes for VOTES, then NOT_SCORED; original: long [n],
    FER2013's own label as an index into EMOTIONS."""

    images: npt.NDArray[np.uint8]
    votes: Tensor
    original: Tensor

    @property
    def heard(self) -> Tensor:
        """Votes [n, 10] without those that a class got only once, which FER+ takes for slips."""
        return torch.where(self.votes > 1.0, self.votes, 0.0)

    @property
    def majority(self) -> Tensor:
        """The class [n] that has more than half of the votes heard, an index into VOTES; -1 where none of them has."""
        votes, total = self.heard.max(dim=1), self.heard.sum(dim=1)
        scored = (votes.values > 0.5 * total) & (votes.indices < len(VOTES))
        return torch.where(scored, votes.indices, -1)

    @property
    def shares(self) -> Tensor:
        """What a student learns, [n, 8]: the votes heard for VOTES, as shares; zeros where there are none."""
        ours = self.heard[:, : len(VOTES)]
        return ours / ours.sum(dim=1, keepdim=True).clamp_min(1.0)

    def take(self, chosen: Tensor) -> "Faces":
        """Those with these indices, or where this is true."""
        return Faces(self.images[chosen.numpy()], self.votes[chosen], self.original[chosen])


def read_faces(root: Path, split: str) -> Faces:
    """`fer2013/{split}.npz`, or the official `fer2013.csv` and `fer2013new.csv` in the same folder; all images."""
    path = root / "fer2013" / f"{split}.npz"
    official, ferplus = (root / "fer2013" / name for name in ("fer2013.csv", "fer2013new.csv"))
    if official.exists() and not path.exists():
        return read_faces_csv(official, ferplus, _USAGE[split])
    return read_faces_npz(require(path, "images, labels, names, votes and vote_names of FER2013 and FER+"))


def read_faces_npz(path: Path) -> Faces:
    """A file with images uint8 [n, 48, 48], labels [n] with their names, votes [n, 10] with their vote_names."""
    with np.load(path, allow_pickle=False) as file:
        missing = {"images", "labels", "names", "votes", "vote_names"} - set(file.files)
        if missing:
            raise MissingCorpus(
                f"{path} has no {', '.join(sorted(missing))}: it must hold what fer2013/train.npz holds"
            )
        images, labels, names = file["images"], file["labels"].astype(np.int64), file["names"].tolist()
        votes, vote_names = file["votes"].astype(np.float32), file["vote_names"].tolist()
    columns = {_VOTES.get(name, name): index for index, name in enumerate(vote_names)}
    order = [columns[name] for name in (*VOTES, *NOT_SCORED)]
    ours = np.array([EMOTIONS.index(_ORIGINAL[name]) for name in names])
    return Faces(images, torch.from_numpy(votes[:, order]), torch.from_numpy(ours[labels]))


def read_faces_csv(fer2013_csv: Path, ferplus_csv: Path, usage: str) -> Faces:
    """The official `fer2013.csv` with FER+'s `fer2013new.csv`, row i of one for row i of the other.

    usage: Training, PublicTest or PrivateTest. Raises MissingCorpus if a file is missing or the two do not fit.
    """
    require(fer2013_csv, "the csv of FER2013: emotion, pixels, Usage")
    require(ferplus_csv, "the csv of FER+, https://github.com/microsoft/FERPlus")
    pictures = read_csv(fer2013_csv, ("emotion", "pixels", "Usage"))
    voted = read_csv(ferplus_csv, ("Usage", *_COUNTED))
    if [row["Usage"] for row in pictures] != [row["Usage"] for row in voted]:
        raise MissingCorpus(f"{ferplus_csv} is not of {fer2013_csv}: row by row, the column Usage must be the same")
    chosen = [index for index, row in enumerate(pictures) if row["Usage"] == usage]
    if not chosen:
        raise MissingCorpus(f"{fer2013_csv} has no row with Usage {usage}")
    images = np.stack([_picture(fer2013_csv, index, pictures[index]["pixels"]) for index in chosen])
    votes = torch.tensor([[float(voted[index][name]) for name in _COUNTED] for index in chosen])
    numbers = [int(pictures[index]["emotion"]) for index in chosen]
    return Faces(images, votes, torch.tensor([EMOTIONS.index(_NUMBERED[number]) for number in numbers]))


def _picture(path: Path, index: int, pixels: str) -> npt.NDArray[np.uint8]:
    grey = np.array(pixels.split(), dtype=np.uint8)
    if grey.size != FACE_SIZE * FACE_SIZE:
        raise MissingCorpus(f"{path}, picture {index + 1}: {grey.size} pixels, not {FACE_SIZE} x {FACE_SIZE}")
    return grey.reshape(FACE_SIZE, FACE_SIZE)


def with_emotion(faces: Faces) -> Faces:
    """Those of which the majority chose one of our seven emotions."""
    return faces.take((faces.majority >= 0) & (faces.majority < len(EMOTIONS)))
