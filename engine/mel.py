"""Mel frames of an utterance: the same numbers in training and in serving."""

import math
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.utterance import SAMPLE_RATE

MELS: Final = 40
WINDOW: Final = 400  # samples, 25 ms
HOP: Final = 160  # 10 ms
EDGE: Final = WINDOW // 2
_RANGE_DB: Final = 60.0  # what lies further under the utterance's peak is room and codec, not voice
_FLOOR: Final = 1e-10
_SILENT: Final = 10.0 * np.log10(_FLOOR) + 1e-3  # dB
_CORNER: Final = 1000.0  # hertz; mel are proportional to it below, logarithmic above
_CORNER_MEL: Final = 15.0
_STEP: Final = math.log(6.4) / 27.0
_POWER: Final = 0.39  # of a normalised utterance, summed over its bands: what speech at -30 dBFS has


@cache
def _filters(device: torch.device) -> Tensor:
    """[201, 40]: triangles of equal area, evenly apart in mel as Slaney's Auditory Toolbox (1998) has it."""
    edges = _hertz(np.linspace(0.0, _mel(SAMPLE_RATE / 2), MELS + 2))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, WINDOW // 2 + 1)[:, None]
    rising = (bins - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins) / np.diff(edges)[1:]
    bank = np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (edges[2:] - edges[:-2])
    return torch.from_numpy(bank).to(device, torch.float32)


def _mel(hertz: float) -> float:
    """Of a frequency above the corner."""
    return _CORNER_MEL + math.log(hertz / _CORNER) / _STEP


def _hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    linear = mel * (_CORNER / _CORNER_MEL)
    return np.where(mel < _CORNER_MEL, linear, _CORNER * np.exp((mel - _CORNER_MEL) * _STEP))


@cache
def _window(device: torch.device) -> Tensor:
    return torch.hann_window(WINDOW, device=device)


def mel_frames(pcm: npt.NDArray[np.float32] | Tensor) -> Tensor:
    """pcm: float32 [n], 16 kHz mono -> float32 [T, 40], T = n // 160 + 1: 25 ms windows every 10 ms.

    As `decibels`, then as `normalise`. Raises ValueError without samples.
    """
    return normalise(decibels(pcm))


def decibels(pcm: npt.NDArray[np.float32] | Tensor) -> Tensor:
    """The energy of pcm float32 [n] in each mel band, float32 [T, 40], in decibels."""
    samples = torch.as_tensor(pcm, dtype=torch.float32)
    if samples.ndim != 1 or len(samples) == 0:
        raise ValueError(f"mel frames need samples [n], n > 0, not {list(samples.shape)}")
    return windowed(F.pad(samples, (EDGE, EDGE)))


def normalise(energy: Tensor) -> Tensor:
    """energy [T, 40] in decibels, cut to 60 under its peak, as power that is on average the same for every utterance.

    How loud the microphone was set is gone; the balance of high and low, which anger changes, is kept. Linear power at
    this level is what the GE2E speaker encoder was trained on. Silence is all zeros.
    """
    loudest = energy.max()
    if loudest <= _SILENT:
        return torch.zeros_like(energy)
    power = 10.0 ** ((torch.maximum(energy, loudest - _RANGE_DB) - loudest) / 10.0)
    return power * (_POWER / power.sum(dim=-1).mean())


def normalise_rows(energy: Tensor, frames: Tensor) -> Tensor:
    """As `normalise`, for rows of one batch on any device, which the host need not wait for.

    energy: [B, T, 40] in decibels; frames: long [B], how many of each row's frames there are -> zero behind them.
    """
    there = (torch.arange(energy.shape[1], device=energy.device) < frames[:, None])[..., None]
    loudest = energy.masked_fill(~there, -torch.inf).amax(dim=(1, 2), keepdim=True)
    power = 10.0 ** ((torch.maximum(energy, loudest - _RANGE_DB) - loudest) / 10.0) * there
    mean = power.sum(dim=-1).sum(dim=-1) / frames
    return (power * (_POWER / mean)[:, None, None]).masked_fill(loudest <= _SILENT, 0.0)


def windowed(samples: Tensor) -> Tensor:
    """Energy in decibels of samples [.., n] in windows that lie wholly inside them: [.., (n - WINDOW) // HOP + 1, 40].

    `decibels` sees EDGE samples of silence before and behind an utterance, so that it has n // HOP + 1 of them.
    """
    window = _window(samples.device)
    spectrum = torch.stft(samples, WINDOW, HOP, WINDOW, window, center=False, return_complex=True)
    return 10.0 * torch.log10((spectrum.abs().square().mT @ _filters(samples.device)).clamp_min(_FLOOR))
