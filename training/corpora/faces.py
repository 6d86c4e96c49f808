"""FER2013 (Goodfellow et al., 2013) with the votes of FER+ (Barsoum et al., ICMI 2016)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.labels import EMOTIONS, Emotion
from training.corpora.root import require

_VOTES: Final[dict[str, Emotion]] = {
    "neutral": "neutral", "happiness": "joy", "surprise": "surprise", "sadness": "sadness",
    "anger": "anger", "disgust": "disgust", "fear": "fear",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Faces:
    """images: uint8 [n, 48, 48]; votes: float [n, 7], the shares of the votes, in the order of EMOTIONS."""

    images: npt.NDArray[np.uint8]
    votes: Tensor

    @property
    def labels(self) -> Tensor:
        """The emotion with most votes, [n]."""
        return self.votes.argmax(dim=-1)

    def take(self, indices: Tensor) -> "Faces":
        """Those with these indices."""
        return Faces(self.images[indices.numpy()], self.votes[indices])


def read_faces(root: Path, split: Literal["train", "dev"]) -> Faces:
    """`fer2013/{split}.npz`. Votes for contempt, unknown and not-a-face are left out, and with them every image
    in which our seven emotions do not have the majority, or of which no single one has the most votes."""
    path = require(root / "fer2013" / f"{split}.npz", "images, votes and vote_names of FER2013 and FER+")
    with np.load(path, allow_pickle=False) as file:
        images, votes, names = file["images"], file["votes"].astype(np.float32), file["vote_names"].tolist()
    ours = np.zeros((len(votes), len(EMOTIONS)), dtype=np.float32)
    for name, emotion in _VOTES.items():
        ours[:, EMOTIONS.index(emotion)] = votes[:, names.index(name)]
    best = np.sort(ours, axis=1)
    kept = (ours.sum(axis=1) > votes.sum(axis=1) / 2) & (best[:, -1] > best[:, -2])
    return Faces(images[kept], torch.from_numpy(ours[kept] / ours[kept].sum(axis=1, keepdims=True)))


def split_faces(faces: Faces, fusion: int, seed: int) -> tuple[Faces, Faces]:
    """The student's images, and `fusion` others that it never sees, for composing dialogues."""
    order = torch.randperm(len(faces.images), generator=torch.Generator().manual_seed(seed))
    return faces.take(order[fusion:]), faces.take(order[:fusion])
