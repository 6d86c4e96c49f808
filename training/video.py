"""The video student: a small CNN on FER2013 with the votes of FER+ as soft labels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.students import StudentOutput, VideoStudent
from training.corpora.faces import Faces
from training.losses import soft_cross_entropy
from training.metrics import accuracy, macro_f1


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """fusion: how many images are kept from the student for composing dialogues. shift: in shares of the picture;
    turn: in radians; zoom, contrast: relative; noise: in grey levels; erase: the longest side of a blanked square."""

    fusion: int = 6000
    shift: float = 0.10
    turn: float = 0.2
    zoom: float = 0.12
    contrast: float = 0.3
    noise: float = 6.0
    erase: int = 16
    smoothing: float = 0.02


class VideoTask:
    """What `training.loop.fit` trains."""

    best_by = "macro_f1"

    def __init__(
        self, model: VideoStudent, train: Faces, dev: Faces, batch: int, seed: int, settings: VideoSettings
    ) -> None:
        self.model, self.train, self.dev = model, train, dev
        self.batch, self.seed, self.settings = batch, seed, settings
        # Square root of the inverse share: rare emotions count more, without their few images ruling the loss.
        share = torch.bincount(train.labels, minlength=train.votes.shape[1]).float() / len(train.votes)
        self.weights = share.clamp_min(1e-4).rsqrt()[train.labels]
        self.weights /= self.weights.mean()

    def batches(self, epoch: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(self.seed * 1000 + epoch)
        drawn = torch.multinomial(self.weights, len(self.weights), replacement=True, generator=generator)
        return list(drawn.split(self.batch))  # type: ignore[no-untyped-call]

    def loss(self, batch: Tensor) -> Tensor:
        faces = augment(torch.from_numpy(self.train.images[batch.numpy()]), self.settings)
        return soft_cross_entropy(self.model(faces).logits, self.train.votes[batch], self.settings.smoothing)

    def evaluate(self) -> dict[str, float]:
        said = read_faces_with(self.model, self.dev.images).logits.argmax(dim=-1).numpy()
        true = self.dev.labels.numpy()
        return {"accuracy": accuracy(true, said), "macro_f1": macro_f1(true, said)}


def augment(faces: Tensor, settings: VideoSettings) -> Tensor:
    """uint8 [B, 48, 48] -> uint8 [B, 48, 48]: mirrored, moved, turned, other light, a square blanked."""
    count, size = len(faces), faces.shape[-1]
    angle = _around(count, settings.turn)
    scale = 1.0 + _around(count, settings.zoom)
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    cos, sin = angle.cos() * scale, angle.sin() * scale
    rows = (
        torch.stack([cos * mirror, -sin, _around(count, 2 * settings.shift)], 1),
        torch.stack([sin * mirror, cos, _around(count, 2 * settings.shift)], 1),
    )
    grid = F.affine_grid(torch.stack(rows, 1), [count, 1, size, size], align_corners=False)
    moved = F.grid_sample(faces.unsqueeze(1).float(), grid, padding_mode="border", align_corners=False).squeeze(1)
    gain = (1.0 + _around(count, settings.contrast))[:, None, None]
    lit = (moved - 128.0) * gain + 128.0 + _around(count, 255 * settings.contrast / 2)[:, None, None]
    lit = lit + torch.randn_like(lit) * settings.noise * torch.rand(count, 1, 1)
    return _erase(lit, settings.erase).clamp(0, 255).to(torch.uint8)


def _around(count: int, reach: float) -> Tensor:
    """[count] drawn evenly from -reach to reach."""
    return (torch.rand(count) * 2 - 1) * reach


def _erase(faces: Tensor, longest: int) -> Tensor:
    """Half of the faces lose a square, as behind a hand or a microphone."""
    count, size = len(faces), faces.shape[-1]
    side = torch.randint(0, longest + 1, (count, 1)) * (torch.rand(count, 1) < 0.5)
    left, top = torch.randint(0, size, (count, 1)), torch.randint(0, size, (count, 1))
    line = torch.arange(size).unsqueeze(0)
    across, down = (line >= left) & (line < left + side), (line >= top) & (line < top + side)
    return faces.masked_fill(down.unsqueeze(2) & across.unsqueeze(1), 128.0)


def read_faces_with(model: VideoStudent, images: npt.NDArray[np.uint8], batch: int = 256) -> StudentOutput:
    """The student's outputs for all images, in their order."""
    model.eval()
    with torch.inference_mode():
        outputs = [model(torch.from_numpy(images[start : start + batch])) for start in range(0, len(images), batch)]
    return StudentOutput(torch.cat([out.embedding for out in outputs]), torch.cat([out.logits for out in outputs]))
