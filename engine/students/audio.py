"""The audio student: a small residual CNN over log-mel frames, with attention pooling over time."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.mel import MELS
from engine.students.output import StudentOutput

_SHRINK = 16  # of frequency, by the stem and the three stages


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """channels: of the stem and of the three residual stages; all halve frequency, all but the last halve time.

    heads: attention pools over time.
    """

    channels: tuple[int, int, int, int] = (32, 48, 96, 160)
    heads: int = 4
    embedding: int = 128
    dropout: float = 0.3
    labels: int = 7

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))  # JSON and TOML bring a list
        if len(self.channels) != 4:
            raise ValueError(f"channels must be four numbers, not {len(self.channels)}")
        if self.embedding % self.heads:
            raise ValueError(f"embedding {self.embedding} does not divide into {self.heads} heads")


class AudioStudent(nn.Module):
    """Reads an utterance of any length; what pads it in a batch does not change its result."""

    def __init__(self, config: AudioConfig) -> None:
        super().__init__()
        self.config = config
        stem, *stages = config.channels
        self.stem = nn.Conv2d(1, stem, 5, stride=2, padding=2, bias=False)
        self.norm = nn.BatchNorm2d(stem)
        strides = (2, 2, 1)
        self.stages = nn.ModuleList(
            _Residual(before, after, stride)
            for before, after, stride in zip(config.channels, stages, strides, strict=False)
        )
        self.mix = nn.Linear(stages[-1] * (MELS // _SHRINK), config.embedding)
        self.attend = nn.Linear(config.embedding, config.heads)
        self.project = nn.Sequential(
            nn.Linear(2 * config.embedding, config.embedding), nn.GELU(), nn.LayerNorm(config.embedding)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.embedding, config.labels)

    def forward(self, mel: Tensor, lengths: Tensor) -> StudentOutput:
        """mel: float32 [B, T, 64]; lengths: long [B], the true number of frames of each row."""
        x = (mel * _real(lengths, mel.shape[1]).unsqueeze(-1)).unsqueeze(1)
        x = torch.relu(self.norm(self.stem(x)))
        lengths = (lengths + 1) // 2
        x = _only_real(x, lengths)
        for stage in self.stages:
            x, lengths = stage(x, lengths)
        frames = torch.relu(self.mix(self.dropout(x.permute(0, 2, 1, 3).flatten(2))))  # [B, T/8, embedding]
        outside = ~_real(lengths, frames.shape[1]).unsqueeze(-1)
        weights = self.attend(frames).float().masked_fill(outside, float("-inf")).softmax(dim=1)
        heads = frames.float().reshape(*frames.shape[:2], self.config.heads, -1)  # [B, T/8, heads, embedding/heads]
        mean = (weights.unsqueeze(-1) * heads).sum(dim=1)
        spread = ((weights.unsqueeze(-1) * heads.square()).sum(dim=1) - mean.square()).clamp_min(1e-5).sqrt()
        embedding = self.project(torch.cat([mean.flatten(1), spread.flatten(1)], dim=-1))
        return StudentOutput(embedding, self.head(self.dropout(embedding)))


class _Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut; frequency halves, time is divided by the stride."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.first = nn.Conv2d(before, after, 3, stride=(stride, 2), padding=1, bias=False)
        self.second = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(before, after, 1, stride=(stride, 2), bias=False)
        self.first_norm, self.second_norm, self.shortcut_norm = (nn.BatchNorm2d(after) for _ in range(3))

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """x: [B, before, T, F], zero where it pads; lengths: [B]. Padding is zero again in what comes out."""
        lengths = (lengths + self.stride - 1) // self.stride
        inner = _only_real(torch.relu(self.first_norm(self.first(x))), lengths)
        outer = self.second_norm(self.second(inner)) + self.shortcut_norm(self.shortcut(x))
        return _only_real(torch.relu(outer), lengths), lengths


def _only_real(x: Tensor, lengths: Tensor) -> Tensor:
    """Padding must be zero before every convolution: at a row's end it then sees what it would see alone."""
    return x * _real(lengths, x.shape[2])[:, None, :, None]


def _real(lengths: Tensor, frames: int) -> Tensor:
    """Bool [B, frames]: which frames are the utterance's own."""
    return torch.arange(frames, device=lengths.device) < lengths.unsqueeze(-1)
