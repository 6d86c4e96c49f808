"""The audio student: a small CNN over log-mel frames, with attention pooling over time."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.mel import MELS
from engine.students.output import StudentOutput


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """channels: of the four convolutions, each of which halves frequency; the first two halve time as well."""

    channels: tuple[int, int, int, int] = (24, 48, 96, 128)
    embedding: int = 128
    dropout: float = 0.3
    labels: int = 7

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))  # JSON and TOML bring a list
        if len(self.channels) != 4:
            raise ValueError(f"channels must be four numbers, not {len(self.channels)}")


class AudioStudent(nn.Module):
    """Reads an utterance of any length; what pads it in a batch does not change its result."""

    def __init__(self, config: AudioConfig) -> None:
        super().__init__()
        self.config = config
        widths = (1, *config.channels)
        self.strides = (2, 2, 1, 1)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(widths[i], widths[i + 1], 3, stride=(stride, 2), padding=1, bias=False)
            for i, stride in enumerate(self.strides)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in config.channels)
        self.mix = nn.Linear(config.channels[-1] * (MELS // 16), config.embedding)
        self.attend = nn.Linear(config.embedding, 1)
        self.project = nn.Sequential(
            nn.Linear(2 * config.embedding, config.embedding), nn.GELU(), nn.LayerNorm(config.embedding)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.embedding, config.labels)

    def forward(self, mel: Tensor, lengths: Tensor) -> StudentOutput:
        """mel: float32 [B, T, 64]; lengths: long [B], the true number of frames of each row."""
        x, real = mel.unsqueeze(1), _real(lengths, mel.shape[1])
        x = x * real[:, None, :, None]
        for convolution, norm, stride in zip(self.convolutions, self.norms, self.strides, strict=True):
            x = torch.relu(norm(convolution(x)))
            lengths = (lengths + stride - 1) // stride
            real = _real(lengths, x.shape[2])
            # Padding must be zero before every convolution: at a row's end it then sees what it would see alone.
            x = x * real[:, None, :, None]
        frames = torch.relu(self.mix(self.dropout(x.permute(0, 2, 1, 3).flatten(2))))  # [B, T/4, embedding]
        weights = self.attend(frames).squeeze(-1).masked_fill(~real, float("-inf")).softmax(dim=-1).unsqueeze(-1)
        mean = (weights * frames).sum(dim=1)
        spread = ((weights * frames.square()).sum(dim=1) - mean.square()).clamp_min(1e-5).sqrt()
        embedding = self.project(torch.cat([mean, spread], dim=-1))
        return StudentOutput(embedding, self.head(self.dropout(embedding)))


def _real(lengths: Tensor, frames: int) -> Tensor:
    """Bool [B, frames]: which frames are the utterance's own."""
    return torch.arange(frames, device=lengths.device) < lengths.unsqueeze(-1)
