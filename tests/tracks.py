"""Tracks for real peer connections, in real time: a voice, and a face."""

import asyncio
from fractions import Fraction
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame

_RATE: Final = 16_000
_SAMPLES: Final = 320


class VoiceTrack(MediaStreamTrack):
    """Plays sound (float32 mono, 16 kHz) once, when told to `speak`, and is silent before and afterwards.

    gap: (at, seconds): the time stamps leap at this media time, as they do when the sender has paused.
    """

    kind = "audio"

    def __init__(self, pcm: npt.NDArray[np.float32], *, gap: tuple[float, float] = (0.0, 0.0)) -> None:
        super().__init__()
        self._gap_at, self._gap = (round(seconds * _RATE) for seconds in gap)
        whole = -len(pcm) % _SAMPLES
        self._pcm = (np.pad(pcm, (0, whole)) * 32767).astype(np.int16)
        self._frame = 0
        self._first: int | None = None
        self._began: float | None = None

    @property
    def speaking(self) -> bool:
        """Whether it has begun."""
        return self._first is not None

    def speak(self) -> "VoiceTrack":
        """Begins now."""
        self._first = self._frame
        return self

    async def recv(self) -> AudioFrame:
        self._began = await _pace(self._began, self._frame * _SAMPLES / _RATE)
        first = self._frame * _SAMPLES
        at = len(self._pcm) if self._first is None else first - self._first * _SAMPLES
        samples = self._pcm[at : at + _SAMPLES] if at < len(self._pcm) else np.zeros(_SAMPLES, np.int16)
        frame = AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.time_base = _RATE, Fraction(1, _RATE)
        frame.pts = first + (self._gap if first >= self._gap_at else 0)
        self._frame += 1
        return frame


class FaceTrack(MediaStreamTrack):
    """Shows one picture (uint8 RGB) 15 times a second."""

    kind = "video"

    def __init__(self, image: npt.NDArray[np.uint8]) -> None:
        super().__init__()
        self._image = image
        self._frame = 0
        self._began: float | None = None

    async def recv(self) -> VideoFrame:
        self._began = await _pace(self._began, self._frame / 15)
        frame = VideoFrame.from_ndarray(self._image, format="rgb24")
        frame.pts, frame.time_base = self._frame * 6000, Fraction(1, 90_000)
        self._frame += 1
        return frame


def portrait(width: int = 320) -> npt.NDArray[np.uint8]:
    """A real face: scikit-image's astronaut (NASA, public domain). Skips the test where it is missing."""
    data = pytest.importorskip("skimage.data", reason="the portrait comes with scikit-image (extra 'sample')")
    return np.asarray(cv2.resize(data.astronaut(), (width, width)), np.uint8)


async def _pace(began: float | None, time: float) -> float:
    """Waits until this media time on the loop's clock; the first call begins it."""
    now = asyncio.get_running_loop().time()
    if began is None:
        return now
    await asyncio.sleep(began + time - now)
    return began
