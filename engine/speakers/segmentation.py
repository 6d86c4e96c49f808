"""Who speaks when within ten seconds of sound: at most three people, two of them at once.

The net and its weights are pyannote's segmentation 3.0 (Plaquet and Bredin, "Powerset multi-class cross entropy loss
for neural speaker diarization", Interspeech 2023; MIT). Every window is brought to one level first, so that how loud a
recording is does not matter.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.utterance import SAMPLE_RATE

WINDOW_SECONDS: Final = 10.0
WINDOW: Final = int(WINDOW_SECONDS * SAMPLE_RATE)
LOCAL_SPEAKERS: Final = 3
_HOP: Final = 270  # samples from one frame to the next
_FIELD: Final = 991  # samples that a frame looks at
_LEVEL: Final = 0.06  # root mean square, -25 dBFS
_SILENCE: Final = 1e-6
# Who speaks in each class of the powerset: nobody, one of three, two of three.
_POWERSET: Final = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1))

Samples = npt.NDArray[np.float32]
Shares = npt.NDArray[np.float16]  # a long recording has many of them


@dataclass(frozen=True, slots=True, eq=False)
class LocalSpeech:
    """One window, frame by frame. Its speakers have numbers within the window only.

    speakers: the probability that each of three speaks, float16 [T, 3]; overlap: that two speak at once, [T].
    """

    speakers: Shares
    overlap: Shares

    @property
    def speech(self) -> Shares:
        """The probability that anybody speaks, [T]."""
        speech: Shares = self.speakers.sum(axis=1) - self.overlap  # two at once are counted twice in the sum
        return speech


def frames_at(seconds: npt.NDArray[np.float64], frames: int) -> npt.NDArray[np.intp]:
    """The frame nearest to each time since a window's start, within 0 to frames - 1."""
    nearest = np.rint((seconds * SAMPLE_RATE - _FIELD / 2) / _HOP)
    index: npt.NDArray[np.intp] = np.clip(nearest, 0, frames - 1).astype(np.intp)
    return index


class SegmentationNet(nn.Module):
    """Band-pass filters, two convolutions, four layers of LSTM that look both ways, and a class for each set."""

    def __init__(self) -> None:
        super().__init__()
        self.loudness = nn.InstanceNorm1d(1, affine=True)
        self.filters = nn.Conv1d(1, 80, 251, stride=10, bias=False)
        self.convolutions = nn.ModuleList([nn.Conv1d(80, 60, 5), nn.Conv1d(60, 60, 5)])
        self.norms = nn.ModuleList([nn.InstanceNorm1d(width, affine=True) for width in (80, 60, 60)])
        self.lstm = nn.LSTM(60, 128, num_layers=4, bidirectional=True, batch_first=True)
        self.linear = nn.ModuleList([nn.Linear(256, 128), nn.Linear(128, 128)])
        self.classify = nn.Linear(128, len(_POWERSET))

    def forward(self, pcm: Tensor) -> Tensor:
        """pcm: float32 [B, 160000], ten seconds -> the probability of each set of speakers, [B, 589, 7]."""
        state = self.filters(self.loudness(pcm.unsqueeze(1))).abs()
        state = F.leaky_relu(self.norms[0](F.max_pool1d(state, 3)))
        for convolution, norm in zip(self.convolutions, list(self.norms)[1:], strict=True):
            state = F.leaky_relu(norm(F.max_pool1d(convolution(state), 3)))
        state, _ = self.lstm(state.transpose(1, 2))
        for layer in self.linear:
            state = F.leaky_relu(layer(state))
        classes: Tensor = self.classify(state).softmax(dim=-1)
        return classes


def local_speech(net: SegmentationNet, pcm: Samples) -> LocalSpeech:
    """Reads one window, float32 [n], n up to 160000; a shorter one is filled up with silence."""
    if not 0 < len(pcm) <= WINDOW:
        raise ValueError(f"a window has 1 to {WINDOW} samples, not {len(pcm)}")
    with torch.inference_mode():
        sound = torch.from_numpy(pcm)
        sound = sound * (_LEVEL / sound.square().mean().sqrt().clamp_min(_SILENCE))
        classes = net(F.pad(sound, (0, WINDOW - len(pcm))).unsqueeze(0))[0]
        speakers = classes @ torch.tensor(_POWERSET, dtype=torch.float32)
        overlap = classes[:, 1 + LOCAL_SPEAKERS :].sum(dim=1)
        return LocalSpeech(speakers.half().numpy(), overlap.half().numpy())
