"""A track heard by its transcript: the cues say where utterances begin and end, and what is said."""

from collections.abc import Iterator, Sequence

import numpy as np

from engine.utterance import SAMPLE_RATE
from streamer.audio import AudioBuffer, Samples
from streamer.listener import Close, Heard, Onset, Voice
from streamer.recognise import Transcript
from streamer.transcripts.cues import Cue

_BLOCK = SAMPLE_RATE


class CueListener:
    """In the place of `Listener`, for one speaker: cues in order, none over another, none longer than `longest` s."""

    def __init__(self, cues: Sequence[Cue], longest: float) -> None:
        self._cues = iter(cues)
        self._next = next(self._cues, None)
        self._speaking = False
        self._heard = 0
        self._buffer = AudioBuffer(round((longest + 1.0) * SAMPLE_RATE))

    @property
    def until(self) -> float:
        """Media time up to which the track has been heard."""
        return self._heard / SAMPLE_RATE

    def hear(self, time: float, pcm: Samples) -> list[Heard]:
        """Audio, float32 at 16 kHz, whose first sample has this media time. What was heard already is cut off."""
        gap = round(time * SAMPLE_RATE) - self._heard
        heard: list[Heard] = []
        for first in range(0, gap, _BLOCK):
            heard += self._take(np.zeros(min(_BLOCK, gap - first), np.float32))
        return [*heard, *self._take(pcm[max(0, -gap) :])]

    def flush(self) -> list[Heard]:
        """Ends the utterance under way; those that have not begun are not heard."""
        if self._next is None or not self._speaking:
            return []
        return [self._close(self._next, min(self._next.end, self.until))]

    def _take(self, pcm: Samples) -> Iterator[Heard]:
        self._buffer.append(pcm)
        before, self._heard = self._heard, self._heard + len(pcm)
        while (cue := self._next) is not None:
            if not self._speaking:
                if _sample(cue.start) >= self._heard:
                    return
                self._speaking = True
                yield Onset(cue.start, self._slice(cue.start, min(cue.end, self.until)))
            elif before < self._heard:
                yield Voice(min(cue.end, self.until), self._slice(before / SAMPLE_RATE, min(cue.end, self.until)))
            if _sample(cue.end) > self._heard:
                return
            yield self._close(cue, cue.end)

    def _close(self, cue: Cue, end: float) -> Close:
        self._speaking = False
        self._next = next(self._cues, None)
        return Close(cue.start, end, end, end, self._slice(cue.start, end), words=Transcript(cue.text, ()))

    def _slice(self, start: float, end: float) -> Samples:
        return self._buffer.slice(_sample(start), min(self._heard, max(_sample(start), _sample(end))))


def _sample(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)
