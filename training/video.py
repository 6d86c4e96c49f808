"""The video student: a small CNN on FER2013, its own labels and the votes of FER+ at once."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.labels import EMOTIONS
from engine.students import StudentOutput, VideoStudent
from engine.students.video import FaceVerdict
from training.corpora.faces import VOTES, Faces
from training.lesson import Lesson
from training.losses import soft_cross_entropy
from training.metrics import accuracy, macro_f1


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """shift: in shares of the picture; turn: in radians; zoom, contrast: relative; noise: in grey levels; erase: the
    longest side of a blanked square; degrade: the share of pictures that come blurred, dark or through low JPEG.

    original: the weight of FER2013's own labels beside the votes.
    """

    shift: float = 0.10
    turn: float = 0.2
    zoom: float = 0.12
    contrast: float = 0.3
    noise: float = 6.0
    erase: int = 16
    degrade: float = 0.2
    smoothing: float = 0.02
    original: float = 0.5


class VideoTask:
    """What `training.loop.fit` trains. Epochs are chosen by accuracy on the majority of FER+."""

    best_by = "accuracy"

    def __init__(
        self,
        model: VideoStudent,
        train: Faces,
        dev: Faces,
        batch: int,
        seed: int,
        settings: VideoSettings,
        lesson: Lesson | None = None,
    ) -> None:
        self.model, self.dev, self.lesson = model, dev, lesson
        self.train = train.take(train.shares.sum(dim=1) > 0)
        self.batch, self.seed, self.settings = batch, seed, settings
        self.shares = self.train.shares

    def batches(self, epoch: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(self.seed * 1000 + epoch)
        order = torch.randperm(len(self.shares), generator=generator)
        return list(order[: len(order) // self.batch * self.batch].split(self.batch))  # type: ignore[no-untyped-call]

    def loss(self, batch: Tensor) -> Tensor:
        device = next(self.model.parameters()).device
        faces = augment(torch.from_numpy(self.train.images[batch.numpy()]), self.settings)
        verdict = self.model.judge(faces.to(device))
        original = F.one_hot(self.train.original[batch], len(EMOTIONS)).float().to(device)
        loss = soft_cross_entropy(verdict.votes, self.shares[batch].to(device), self.settings.smoothing)
        loss = loss + self.settings.original * soft_cross_entropy(verdict.original, original, 0.1)
        if self.lesson is None:
            return loss
        labels = self.shares[batch, : len(EMOTIONS)].argmax(dim=1)
        return loss + self.lesson.loss(verdict.embedding, verdict.votes[:, : len(EMOTIONS)], labels)

    def evaluate(self) -> dict[str, float]:
        verdict = judge_faces(self.model, self.dev.images)
        true, scored = self.dev.majority.numpy(), self.dev.majority.numpy() >= 0
        said = verdict.votes.argmax(dim=-1).numpy()
        return {
            "accuracy": accuracy(true[scored], said[scored]),
            "macro_f1": macro_f1(true[scored], said[scored], len(VOTES)),
            "accuracy_original": accuracy(self.dev.original.numpy(), verdict.original.argmax(dim=-1).numpy()),
        }


def augment(faces: Tensor, settings: VideoSettings) -> Tensor:
    """uint8 [B, 48, 48] -> uint8 [B, 48, 48]: mirrored, moved, turned, other light, a square blanked, some degraded."""
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
    out = _erase(lit, settings.erase).clamp(0, 255).to(torch.uint8)
    for index in (torch.rand(count) < settings.degrade).nonzero().flatten().tolist():
        kind = tuple(DEGRADATIONS)[int(torch.randint(0, len(DEGRADATIONS), ()))]
        out[index] = torch.from_numpy(degrade(out[index].numpy(), kind, 0.3 + 0.7 * float(torch.rand(()))))
    return out


DEGRADATIONS = ("blur", "dark", "jpeg", "small")


def degrade(face: npt.NDArray[np.uint8], kind: str, strength: float = 1.0) -> npt.NDArray[np.uint8]:
    """One crop uint8 [48, 48] as bad input would bring it; strength 0 to 1.

    blur: out of focus, to 2 pixels; dark: to a tenth of the light, with the noise of a sensor; jpeg: down to quality
    10; small: from a face of 16 pixels.
    """
    grey = face.astype(np.float32)
    if kind == "blur":
        grey = cv2.GaussianBlur(grey, (0, 0), 0.3 + 1.7 * strength)
    elif kind == "dark":
        noise = np.random.default_rng(int(face.sum())).normal(0.0, 3.0, face.shape)  # the same for the same face
        grey = grey * (1.0 - 0.9 * strength) + (strength * noise).astype(np.float32)
    elif kind == "jpeg":
        _, data = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, int(60 - 50 * strength)])
        grey = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.float32)
    elif kind == "small":
        side = round(48 - 32 * strength)
        grey = cv2.resize(cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA), face.shape)
    else:
        raise ValueError(f"no degradation {kind!r}: {', '.join(DEGRADATIONS)}")
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


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


def judge_faces(model: VideoStudent, images: npt.NDArray[np.uint8], batch: int = 256) -> FaceVerdict:
    """All heads' logits for all images, in their order."""
    model.eval()
    device = next(model.parameters()).device
    with torch.inference_mode():
        parts = [torch.from_numpy(images[start : start + batch]).to(device) for start in range(0, len(images), batch)]
        said = [model.judge(part) for part in parts]
    return FaceVerdict(*(torch.cat([getattr(v, n).cpu() for v in said]) for n in ("embedding", "votes", "original")))


def read_faces_with(model: VideoStudent, images: npt.NDArray[np.uint8]) -> StudentOutput:
    """The student's outputs for all images, in their order, as the fusion reads them."""
    verdict = judge_faces(model, images)
    return StudentOutput(verdict.embedding, verdict.votes[:, : len(EMOTIONS)])
