"""What a voice is like, whatever it says: the GE2E speaker encoder.

Wan et al., "Generalized end-to-end loss for speaker verification", ICASSP 2018; weights by Resemblyzer (Apache-2.0).
The audio student begins with its lower two layers; here are all three, as they were published.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.mel import MELS

VOICE_WIDTH: Final = 256
SHORTEST_VOICE_SECONDS: Final = 0.2
_PART: Final = 160  # frames of 10 ms: what the encoder was trained on


class VoiceNet(nn.Module):
    """Three layers of LSTM and a projection."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(MELS, VOICE_WIDTH, num_layers=3, batch_first=True)
        self.linear = nn.Linear(VOICE_WIDTH, VOICE_WIDTH)

    def forward(self, mel: Tensor) -> Tensor:
        """mel: float32 [B, T, 40], normalised, all of them voice -> unit vectors [B, 256], none of it negative."""
        _, (hidden, _) = self.lstm(mel)
        return F.normalize(F.relu(self.linear(hidden[-1])), dim=-1)


def embed(net: VoiceNet, mel: Tensor) -> Tensor:
    """A voice of any length, mel frames [T, 40], as a unit vector: the mean over parts of 1.6 s up to its end."""
    whole = [mel[start : start + _PART] for start in range(0, len(mel) - _PART + 1, _PART)]
    rest = mel[-_PART:]
    with torch.inference_mode():
        parts = torch.cat([net(torch.stack(whole)), net(rest[None])]) if whole else net(rest[None])
        return F.normalize(parts.mean(dim=0), dim=-1)
