"""What rooms, microphones, codecs and other throats do to a voice, done to its mel frames: augmentation."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.mel import MELS, normalise

_ECHO_FRAMES = 40


@dataclass(frozen=True, slots=True)
class Soundscape:
    """tempo, throat: the largest relative change of speed and of frequency (Jaitly and Hinton, 2013).

    band: spread of the random equaliser, in decibels. noise, room, narrow: the share of clips with noise of 5 to 35
    decibels under the voice, with an echo, and with a telephone's bandwidth. mask_frames, mask_mels: the widest masks.
    """

    tempo: float = 0.2
    throat: float = 0.1
    band: float = 6.0
    noise: float = 0.5
    room: float = 0.3
    narrow: float = 0.15
    mask_frames: int = 40
    mask_mels: int = 8


def change(energy: Tensor, scape: Soundscape) -> Tensor:
    """Other mel frames [T', 40] of the same utterance, normalised, from its energy [T, 40] in decibels."""
    energy = _warp(energy, scape)
    energy = energy + _curve(scape.band)
    if float(torch.rand(())) < scape.room:
        energy = _echo(energy)
    if float(torch.rand(())) < scape.noise:
        energy = _noise(energy)
    if float(torch.rand(())) < scape.narrow:
        cut = int(torch.randint(26, 35, ()))  # about 2.8 to 5 kHz
        energy = torch.cat([energy[:, :cut], energy.new_full((len(energy), MELS - cut), float(energy.min()))], dim=1)
    mel = normalise(energy)
    _mask(mel, 0, scape.mask_frames)
    _mask(mel, 1, scape.mask_mels)
    return mel


def _warp(energy: Tensor, scape: Soundscape) -> Tensor:
    """Faster or slower, and from a longer or shorter vocal tract: time and frequency are stretched by themselves."""
    frames = max(30, round(len(energy) * (1 + _around(scape.tempo))))
    points = torch.linspace(-1, 1, MELS) * (1 + _around(scape.throat)) + _around(scape.throat) / 2
    grid = torch.stack(torch.meshgrid(torch.linspace(-1, 1, frames), points, indexing="ij"), dim=-1).flip(-1)
    warped = F.grid_sample(energy[None, None], grid[None], padding_mode="border", align_corners=True)
    return warped[0, 0]


def _curve(decibels: float) -> Tensor:
    """A smooth random curve over frequency, [40]."""
    knots = torch.randn(1, 1, 6) * decibels
    return F.interpolate(knots, MELS, mode="linear", align_corners=True)[0, 0]


def _echo(energy: Tensor) -> Tensor:
    """The tail of a room, its energy falling by 60 decibels in 0.2 to 0.9 s, behind the direct sound."""
    fall = 0.6 / (0.2 + 0.7 * float(torch.rand(())))  # decibels a frame of 10 ms, over 10
    kernel = 10.0 ** (-fall * torch.arange(_ECHO_FRAMES, dtype=torch.float32))
    kernel[1:] *= 0.5 * float(torch.rand(()))
    power = 10.0 ** (energy.T.unsqueeze(1) / 10.0)  # [40, 1, T]
    wet = F.conv1d(F.pad(power, (_ECHO_FRAMES - 1, 0)), kernel.flip(0)[None, None])
    return 10.0 * torch.log10(wet[:, 0].T.clamp_min(1e-10))


def _noise(energy: Tensor) -> Tensor:
    """Steady coloured noise under the voice."""
    level = 10.0 * torch.log10((10.0 ** (energy / 10.0)).mean()) - (5.0 + 30.0 * float(torch.rand(())))
    noise = level + _curve(5.0) + 2.0 * torch.randn_like(energy)
    return 10.0 * torch.log10(10.0 ** (energy / 10.0) + 10.0 ** (noise / 10.0))


def _mask(mel: Tensor, dim: int, widest: int) -> None:
    """SpecAugment (Park et al., Interspeech 2019): one stretch of frames or bands silenced, in place."""
    width = int(torch.randint(0, min(widest, mel.shape[dim] // 3) + 1, ()))
    mel.narrow(dim, int(torch.randint(0, mel.shape[dim] - width + 1, ())), width).zero_()


def _around(reach: float) -> float:
    return float((torch.rand(()) * 2 - 1) * reach)
