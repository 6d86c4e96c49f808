"""One track's ear: audio with media times in, what was heard out. No clock, no I/O, no tasks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.utterance import SAMPLE_RATE
from streamer.audio import FRAME, AudioBuffer, Reframer, Samples
from streamer.recognise import Transcript
from streamer.segmenter import (
    Dropped,
    Ended,
    Ending,
    Hushed,
    Paused,
    Resumed,
    Segmenter,
    SegmenterConfig,
    SegmentEvent,
    Started,
)
from streamer.turns import KnownTurns
from streamer.vad import VoiceActivity

FRAME_SECONDS = FRAME / SAMPLE_RATE
_JITTER_SECONDS = FRAME_SECONDS / 2


@dataclass(frozen=True, slots=True, eq=False)
class Onset:
    """Somebody began to speak at `start`; `pcm` runs from there until now."""

    start: float
    pcm: Samples


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """More of the utterance under way, up to `until`."""

    until: float
    pcm: Samples


@dataclass(frozen=True, slots=True)
class Hush:
    """The speaker has just fallen silent: all that was said until now may be the whole utterance."""

    until: float


@dataclass(frozen=True, slots=True, eq=False)
class Pause:
    """The speaker is silent: if it stays so, the utterance is [start, end) and `pcm` is all of it.

    likely: the silence has lasted so long that it will most likely stay so. First comes one that is not.
    """

    start: float
    end: float
    pcm: Samples
    likely: bool


@dataclass(frozen=True, slots=True, eq=False)
class Resume:
    """The speaker went on after a pause; `pcm` runs from the utterance's start until now."""

    pcm: Samples


@dataclass(frozen=True, slots=True, eq=False)
class Close:
    """The utterance is over: [start, end), decided at `at`; `spoken` is when the voice itself ceased.

    words: what was said, where that is known and need not be recognised.
    """

    start: float
    end: float
    spoken: float
    at: float
    pcm: Samples
    words: Transcript | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """What had begun at `start` was too short to be speech."""

    start: float


Heard = Onset | Voice | Hush | Pause | Resume | Close | Drop


class Ear(Protocol):
    """Hears one track: sound with media times in, what was heard out."""

    @property
    def until(self) -> float: ...

    def hear(self, time: float, pcm: Samples) -> list[Heard]: ...

    def flush(self) -> list[Heard]: ...


class Listener:
    """Frames, voice activity and segments of one track. A small gap is silence; a long one ends the utterance.

    turns: where they are known, they say what is voice.
    """

    def __init__(self, config: SegmenterConfig, gap_seconds: float, turns: KnownTurns | None = None) -> None:
        self._config = config
        self._gap = gap_seconds
        self._turns = turns
        self._activity = VoiceActivity() if turns is None else None
        self._begin(0.0)

    @property
    def until(self) -> float:
        """Media time up to which the track has been heard."""
        return self._base + self._frames * FRAME_SECONDS

    def hear(self, time: float, pcm: Samples) -> list[Heard]:
        """Audio, float32 at 16 kHz, whose first sample has this media time. What was heard already is cut off."""
        heard: list[Heard] = []
        gap = time - self._received
        if gap > self._gap:
            heard += self.flush()
            self._begin(time)
        elif gap > _JITTER_SECONDS:
            pcm = np.concatenate([np.zeros(round(gap * SAMPLE_RATE), np.float32), pcm])
        elif gap < -_JITTER_SECONDS:
            pcm = pcm[round(-gap * SAMPLE_RATE) :]
        self._received += len(pcm) / SAMPLE_RATE
        return [*heard, *self._frames_in(self._reframer.push(pcm))]

    def flush(self) -> list[Heard]:
        """Ends the utterance under way, as silence would."""
        heard = list(self._frames_in(self._reframer.flush()))
        return [*heard, *map(self._tell, self._segmenter.flush())]

    def _begin(self, time: float) -> None:
        self._base = self._received = time
        self._frames = 0
        self._speaking = False
        self._paused = False
        self._start = 0
        self._reframer = Reframer()
        self._segmenter = Segmenter(self._config)
        self._buffer = AudioBuffer(self._config.longest_frames * FRAME)
        if self._activity is not None:
            self._activity.reset()

    def _frames_in(self, frames: Samples) -> Iterator[Heard]:
        for frame, voiced in zip(frames, self._voiced(frames), strict=True):
            self._buffer.append(frame)
            self._frames += 1
            if self._speaking and not self._paused:
                yield Voice(self.until, frame)
            yield from map(self._tell, self._segmenter.push(voiced))

    def _voiced(self, frames: Samples) -> list[bool]:
        if self._activity is not None:
            return self._activity(frames)
        ends = (self._time(self._frames + number) for number in range(1, len(frames) + 1))
        return [self._turns is not None and self._turns.at(end - FRAME_SECONDS / 2) for end in ends]

    def _tell(self, event: SegmentEvent) -> Heard:
        match event:
            case Started(start):
                self._speaking, self._paused, self._start = True, False, start
                return Onset(self._time(start), self._pcm(start, self._frames))
            case Hushed():
                return Hush(self.until)
            case Paused(start, end) | Ending(start, end):
                self._paused = True
                likely = isinstance(event, Ending)
                return Pause(self._time(start), self._time(end), self._pcm(start, end), likely)
            case Resumed():
                self._paused = False
                return Resume(self._pcm(self._start, self._frames))
            case Ended(start, end, at):
                self._speaking = False
                spoken = self._time(end - self._config.tail_frames)
                return Close(self._time(start), self._time(end), spoken, self._time(at), self._pcm(start, end))
            case Dropped(start):
                self._speaking = False
                return Drop(self._time(start))

    def _time(self, frame: int) -> float:
        return self._base + frame * FRAME_SECONDS

    def _pcm(self, start: int, end: int) -> Samples:
        return self._buffer.slice(start * FRAME, end * FRAME)
