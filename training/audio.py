"""The audio student: log-mel CNN on acted voices, split by speaker."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.labels import EMOTIONS
from engine.mel import MELS
from engine.students import AudioStudent, StudentOutput
from training.clips import Features
from training.losses import soft_cross_entropy
from training.metrics import unweighted_recall


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """frames: the longest stretch that a training step reads of a clip, in 10 ms. band, noise: spread of the random
    equaliser and of the noise, in standard deviations of the normalised log-mel."""

    frames: int = 300
    smoothing: float = 0.1
    band: float = 0.4
    noise: float = 0.2
    mask_frames: int = 40
    mask_mels: int = 12


class AudioTask:
    """What `training.loop.fit` trains. Every corpus and class weighs the same, however many clips it has."""

    best_by = "uar"

    def __init__(self, model: AudioStudent, features: Features, batch: int, seed: int, settings: AudioSettings) -> None:
        self.model, self.features = model, features
        self.batch, self.seed, self.settings = batch, seed, settings
        shares = [clip.share for clip in features.clips]
        self.train = torch.tensor([i for i, share in enumerate(shares) if share == "student"])
        self.dev = [i for i, share in enumerate(shares) if share == "dev"]
        self.weights = self._balance()

    def batches(self, epoch: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(self.seed * 1000 + epoch)
        drawn = torch.multinomial(self.weights, len(self.train), replacement=True, generator=generator)
        return list(self.train[drawn].split(self.batch))  # type: ignore[no-untyped-call]

    def loss(self, batch: Tensor) -> Tensor:
        mels = [self._augment(self.features[index]) for index in batch.tolist()]
        target = torch.nn.functional.one_hot(self.features.labels[batch], len(EMOTIONS)).float()
        return soft_cross_entropy(self.model(*pad(mels)).logits, target, self.settings.smoothing)

    def evaluate(self) -> dict[str, float]:
        """UAR of each corpus on its dev speakers; `uar` is their mean."""
        said = read_clips(self.model, self.features, self.dev).logits.argmax(dim=-1)
        true = self.features.labels[self.dev]
        corpora = [self.features.clips[index].corpus for index in self.dev]
        scores: dict[str, float] = {}
        for corpus in sorted(set(corpora)):
            mine = torch.tensor([name == corpus for name in corpora])
            scores[f"uar_{corpus}"] = unweighted_recall(true[mine].numpy(), said[mine].numpy())
        return {"uar": sum(scores.values()) / len(scores), **scores}

    def _balance(self) -> Tensor:
        groups = [
            (self.features.clips[index].corpus, self.features.clips[index].label) for index in self.train.tolist()
        ]
        # The root keeps a small group from being seen so often that it is learnt by heart.
        return torch.tensor([float(groups.count(group)) for group in groups]).rsqrt()

    def _augment(self, mel: Tensor) -> Tensor:
        length = int(
            torch.randint(
                max(30, min(len(mel), self.settings.frames) // 2), min(len(mel), self.settings.frames) + 1, ()
            )
        )
        start = int(torch.randint(0, len(mel) - length + 1, ()))
        mel = mel[start : start + length].clone()
        knots = torch.randn(1, 1, 6) * self.settings.band
        mel += torch.nn.functional.interpolate(knots, MELS, mode="linear", align_corners=True)[0, 0]
        mel += torch.randn_like(mel) * self.settings.noise * torch.rand(())
        # A noise floor: what lies under it is gone, as in a room.
        mel = torch.maximum(mel, mel.min() + 1.5 * torch.rand(()))
        mel = (mel - mel.mean()) / mel.std().clamp_min(1e-3)
        _mask(mel, 0, self.settings.mask_frames)
        _mask(mel, 1, self.settings.mask_mels)
        return mel


def _mask(mel: Tensor, dim: int, widest: int) -> None:
    """SpecAugment (Park et al., Interspeech 2019): one stretch of frames or bands set to the mean, in place."""
    width = int(torch.randint(0, min(widest, mel.shape[dim] // 3) + 1, ()))
    mel.narrow(dim, int(torch.randint(0, mel.shape[dim] - width + 1, ())), width).zero_()


def pad(mels: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Utterances [T_i, 64] as one batch [B, T, 64] with their lengths [B]."""
    return torch.nn.utils.rnn.pad_sequence(list(mels), batch_first=True), torch.tensor([len(mel) for mel in mels])


def read_clips(model: AudioStudent, features: Features, indices: Sequence[int], batch: int = 64) -> StudentOutput:
    """The student's outputs for these clips, in their order."""
    model.eval()
    stretches = [indices[start : start + batch] for start in range(0, len(indices), batch)]
    with torch.inference_mode():
        outputs = [model(*pad([features[index] for index in stretch])) for stretch in stretches]
    return StudentOutput(torch.cat([out.embedding for out in outputs]), torch.cat([out.logits for out in outputs]))
