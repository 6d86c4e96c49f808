"""Sound in overlapping windows of ten seconds, and what is heard in one: who speaks when, and with what voices."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.speakers.models import Samples, SpeakerModels
from engine.speakers.segmentation import WINDOW, LocalSpeech, frames_at
from engine.speakers.voice import SHORTEST_VOICE_SECONDS
from engine.utterance import SAMPLE_RATE

_ACTIVE: Final = 0.5
_MEL_SECONDS: Final = 0.01


class Windows:
    """Chunks of any length to windows of ten seconds, one every `hop` seconds; the last one ends with the sound."""

    def __init__(self, hop: float) -> None:
        self._hop = round(hop * SAMPLE_RATE)
        self._held: list[Samples] = []
        self._length = 0  # of what is held
        self._start = 0
        self._given = -1  # up to here a window has been given

    def push(self, pcm: Samples) -> Iterator[tuple[float, Samples]]:
        """The windows that are whole now, float32 [160000] each, with the seconds at which they begin."""
        self._held.append(pcm)
        self._length += len(pcm)
        while self._length >= WINDOW:
            held = np.concatenate(self._held)
            self._given = self._start + WINDOW
            yield self._start / SAMPLE_RATE, held[:WINDOW]
            self._held = [held[self._hop :]]
            self._length -= self._hop
            self._start += self._hop

    def flush(self) -> Iterator[tuple[float, Samples]]:
        """The window that ends with the sound, shorter where there is less; none if all of it has been given."""
        if self._start + self._length > max(self._given, 0):
            yield self._start / SAMPLE_RATE, np.concatenate(self._held)


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """One speaker of one window. seconds: how long it speaks there alone; embedding: unit vector, float32 [256]."""

    window: int
    speaker: int
    seconds: float
    embedding: Samples


@dataclass(frozen=True, slots=True, eq=False)
class HeardWindow:
    """What is heard in a window that begins at `start`; speech too short to know a voice by has none in `voices`."""

    start: float
    speech: LocalSpeech
    voices: tuple[Voice, ...]


def hear(models: SpeakerModels, number: int, start: float, pcm: Samples) -> HeardWindow:
    """Listens to one window, float32 [n] at 16 kHz. A voice is taken from where it is alone, if that is enough."""
    speech = models.listen(pcm)
    frames = frames_at(np.arange(len(pcm) // 160 + 1) * _MEL_SECONDS, len(speech.overlap))
    active = speech.speakers[frames] > _ACTIVE
    alone = active & (active.sum(axis=1, keepdims=True) == 1)
    least = round(SHORTEST_VOICE_SECONDS / _MEL_SECONDS)
    known = [speaker for speaker in range(active.shape[1]) if active[:, speaker].sum() >= least]
    if not known:
        return HeardWindow(start, speech, ())
    who: npt.NDArray[np.bool_] = np.stack([_clear(active[:, one], alone[:, one], least) for one in known])
    voices = tuple(
        Voice(number, speaker, float(alone[:, speaker].sum()) * _MEL_SECONDS, embedding)
        for speaker, embedding in zip(known, models.voices(pcm, who), strict=True)
    )
    return HeardWindow(start, speech, voices)


def _clear(active: npt.NDArray[np.bool_], alone: npt.NDArray[np.bool_], least: int) -> npt.NDArray[np.bool_]:
    return alone if alone.sum() >= least else active
