"""The audio student: a small recurrent net over mel frames, with attention pooling over time."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.mel import MELS
from engine.students.output import StudentOutput


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """hidden, layers: of the LSTM; heads: attention pools over time, each over its share of the hidden state.

    The defaults are the lower two layers of the GE2E speaker encoder (Wan et al., ICASSP 2018) as Resemblyzer has it.
    """

    hidden: int = 256
    layers: int = 2
    heads: int = 4
    embedding: int = 128
    dropout: float = 0.3
    labels: int = 7

    def __post_init__(self) -> None:
        if min(self.hidden, self.layers, self.heads, self.embedding, self.labels) < 1:
            raise ValueError(f"sizes must be at least 1: {self}")
        if self.hidden % self.heads:
            raise ValueError(f"hidden {self.hidden} does not divide into {self.heads} heads")


class AudioStudent(nn.Module):
    """Reads an utterance of any length; what pads it in a batch does not change its result.

    Its logits are the sum of two classifiers': `head`, which is trained with all else and then set to zero, and
    `readout`, a linear one on the pooled state, which is zero until then (`training/readout.py` says why).
    """

    def __init__(self, config: AudioConfig) -> None:
        super().__init__()
        self.config = config
        self.lstm = nn.LSTM(MELS, config.hidden, config.layers, batch_first=True)
        self.attend = nn.Linear(config.hidden, config.heads)
        nn.init.zeros_(self.attend.weight)  # it begins as the plain mean over time
        self.project = nn.Sequential(
            nn.LayerNorm(2 * config.hidden),
            nn.Linear(2 * config.hidden, config.embedding),
            nn.GELU(),
            nn.LayerNorm(config.embedding),
        )
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.embedding, config.labels)
        self.readout = nn.Linear(2 * config.hidden, config.labels).requires_grad_(False)
        nn.init.zeros_(self.readout.weight)
        nn.init.zeros_(self.readout.bias)

    def forward(self, mel: Tensor, lengths: Tensor) -> StudentOutput:
        """mel: float32 [B, T, 40]; lengths: long [B], the true number of frames of each row."""
        return self.conclude(self.lstm(mel)[0], lengths)

    def conclude(self, frames: Tensor, lengths: Tensor) -> StudentOutput:
        """What follows from the LSTM's frames [B, T, hidden]: these see past frames alone, so never what pads a row."""
        pooled = self._over_time(frames, lengths)
        embedding = self.project(self.dropout(pooled))
        return StudentOutput(embedding, self.head(self.dropout(embedding)) + self.readout(pooled))

    def pool(self, mel: Tensor, lengths: Tensor) -> Tensor:
        """Mean and spread over time of what each head attends to, [B, 2 x hidden]."""
        return self._over_time(self.lstm(mel)[0], lengths)

    def _over_time(self, frames: Tensor, lengths: Tensor) -> Tensor:
        outside = torch.arange(frames.shape[1], device=lengths.device) >= lengths.unsqueeze(-1)
        weights = self.attend(frames).float().masked_fill(outside.unsqueeze(-1), float("-inf")).softmax(dim=1)
        heads = frames.float().reshape(*frames.shape[:2], self.config.heads, -1)  # [B, T, heads, hidden/heads]
        mean = (weights.unsqueeze(-1) * heads).sum(dim=1)
        spread = ((weights.unsqueeze(-1) * heads.square()).sum(dim=1) - mean.square()).clamp_min(1e-8).sqrt()
        return torch.cat([mean.flatten(1), spread.flatten(1)], dim=-1)
