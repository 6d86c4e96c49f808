"""Sound as the streamer keeps it: float32, 16 kHz, in frames of 20 ms, with absolute sample indices."""

from typing import Final, Literal

import av
import numpy as np
import numpy.typing as npt

from engine.utterance import SAMPLE_RATE

Samples = npt.NDArray[np.float32]

FRAME: Final = 320
"""Samples in one frame: 20 ms at 16 kHz."""


class Resampler:
    """Decoded audio of any rate, format and layout to 16 kHz float32.

    channels: "kept" gives one row a channel of the input, "mixed" a single row: the mean of left and right.
    """

    def __init__(self, channels: Literal["kept", "mixed"] = "kept") -> None:
        self._mixed = channels == "mixed"
        self._input: tuple[str, str, int] | None = None
        self._inner: av.AudioResampler | None = None

    def push(self, frame: av.AudioFrame) -> Samples:
        """What can be resampled so far, [channels, n]. An input that changes rate or format on the way starts anew."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._inner is None or kind != self._input:
            self._input = kind
            surround = self._mixed and frame.layout.nb_channels > 2
            layout = "stereo" if surround else frame.layout.name
            self._inner = av.AudioResampler(format="fltp", layout=layout, rate=SAMPLE_RATE)
        return self._joined(self._inner.resample(frame))

    def flush(self) -> Samples:
        """The last samples, [channels, n]; the next push starts anew."""
        inner, self._inner = self._inner, None
        return self._joined(inner.resample(None)) if inner else np.zeros((1, 0), np.float32)

    def _joined(self, frames: list[av.AudioFrame]) -> Samples:
        parts = [frame.to_ndarray().astype(np.float32, copy=False) for frame in frames if frame.samples]
        if not parts:
            return np.zeros((1, 0), np.float32)
        pcm = np.clip(np.concatenate(parts, axis=1), -1.0, 1.0)
        return pcm.mean(axis=0, keepdims=True, dtype=np.float32) if self._mixed else pcm


class Reframer:
    """Chunks of any length to frames of exactly 320 samples, none lost and none doubled."""

    def __init__(self) -> None:
        self._rest: Samples = np.zeros(0, np.float32)

    def push(self, pcm: Samples) -> Samples:
        """The frames that are whole now, float32 [n, 320]."""
        pcm = np.concatenate([self._rest, pcm.astype(np.float32, copy=False)])
        whole = len(pcm) // FRAME * FRAME
        self._rest = pcm[whole:]
        return pcm[:whole].reshape(-1, FRAME)

    def flush(self) -> Samples:
        """The rest, if any, filled up with silence, [0 or 1, 320]."""
        missing = -len(self._rest) % FRAME
        return self.push(np.zeros(missing, np.float32))


class AudioBuffer:
    """The newest `capacity` samples of an endless stream, found by their index from its beginning."""

    def __init__(self, capacity: int) -> None:
        self._ring: Samples = np.zeros(capacity, np.float32)
        self._end = 0

    def append(self, pcm: Samples) -> None:
        """Adds samples, float32 [n]; the oldest make room."""
        kept = pcm[-len(self._ring) :]
        self._end += len(pcm)
        first = (self._end - len(kept)) % len(self._ring)
        last, room = first + len(kept), len(self._ring) - first
        self._ring[first:last] = kept[:room]
        self._ring[: max(0, len(kept) - room)] = kept[room:]

    def slice(self, start: int, end: int) -> Samples:
        """A copy of the samples [start, end). Raises LookupError if some are gone, or not there yet."""
        if not max(0, self._end - len(self._ring)) <= start <= end <= self._end:
            oldest = max(0, self._end - len(self._ring))
            raise LookupError(f"samples {start} to {end} are not held: the buffer has {oldest} to {self._end}")
        first = start % len(self._ring)
        last = first + end - start
        return np.concatenate([self._ring[first:last], self._ring[: max(0, last - len(self._ring))]])
