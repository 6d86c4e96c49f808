"""Decoded audio frames laid on one gapless line of 16 kHz samples, by their time stamps."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import av
import numpy as np

from engine.utterance import SAMPLE_RATE
from streamer.audio import Resampler, Samples

# Containers round time stamps, to a millisecond at best; what differs by less than a frame of voice is no gap.
_JITTER_SECONDS: Final = 0.02
_OVERLAP_SECONDS: Final = 1.0
_LONGEST_GAP_SECONDS: Final = 3600.0
_SILENCE_BLOCK: Final = SAMPLE_RATE


def lay_out(
    frames: Iterable[av.AudioFrame], origin: float, channels: Literal["kept", "mixed"]
) -> Iterator[tuple[float, Samples]]:
    """Yields (time, float32 [channels, n]) without gap or overlap: gaps are silence, what overlaps is cut off.

    origin: the time stamp that is time 0; earlier sound is cut off. A clock that jumps back by more than a second, or
    ahead by more than an hour, was set anew: its sound goes on where the last ended.
    """
    line = _Line(channels)
    for frame in frames:
        yield from line.place(frame, None if frame.time is None else frame.time - origin)
    yield from line.rest()


class _Line:
    def __init__(self, channels: Literal["kept", "mixed"]) -> None:
        self._resampler = Resampler(channels)
        self._mixed = channels == "mixed"
        self._rows = 1
        self._next: int | None = None  # Where the next sample to be given out lies, at 16 kHz from time 0.
        self._cut = 0  # Samples to throw away before it.
        self._due = 0.0  # The time at which the next frame should begin.
        self._shift = 0.0

    def place(self, frame: av.AudioFrame, time: float | None) -> Iterator[tuple[float, Samples]]:
        if self._next is None:
            self._begin(time or 0.0, frame.layout.nb_channels)
        elif time is not None:
            yield from self._align(time)
        self._due += frame.samples / frame.sample_rate
        yield from self._give(self._resampler.push(frame))

    def rest(self) -> Iterator[tuple[float, Samples]]:
        yield from self._give(self._resampler.flush())

    def _begin(self, time: float, rows: int) -> None:
        self._rows = 1 if self._mixed else rows
        self._due = time
        self._next = max(0, round(time * SAMPLE_RATE))
        self._cut = max(0, round(-time * SAMPLE_RATE))

    def _align(self, time: float) -> Iterator[tuple[float, Samples]]:
        gap = time + self._shift - self._due
        if not -_OVERLAP_SECONDS <= gap <= _LONGEST_GAP_SECONDS:
            self._shift -= gap
        elif abs(gap) > _JITTER_SECONDS:
            yield from self.rest()
            self._due += gap
            missing = round(gap * SAMPLE_RATE)
            self._cut += max(0, -missing)
            for first in range(0, missing, _SILENCE_BLOCK):
                yield from self._give(np.zeros((self._rows, min(_SILENCE_BLOCK, missing - first)), np.float32))

    def _give(self, pcm: Samples) -> Iterator[tuple[float, Samples]]:
        cut = min(self._cut, pcm.shape[1])
        self._cut -= cut
        pcm = pcm[:, cut:]
        if self._next is None or not pcm.shape[1]:
            return
        if len(pcm) != self._rows:  # The layout changed on the way: all rows carry the mix.
            pcm = np.repeat(pcm.mean(axis=0, keepdims=True, dtype=np.float32), self._rows, axis=0)
        yield self._next / SAMPLE_RATE, pcm
        self._next += pcm.shape[1]
