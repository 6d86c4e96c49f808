"""Utterances out of voice activity: a pure function of frames. It knows no sound, no clock, no I/O."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SegmenterConfig:
    """When an utterance begins, pauses and ends, in frames of 20 ms.

    Silence is long enough in turn for a provisional reading of all that was said (`hush`), to be the utterance's tail,
    to be most likely its end (`ending`), and for its end (`hangover`).
    """

    onset_frames: int = 4
    onset_window: int = 6
    preroll_frames: int = 10
    hush_frames: int = 4
    tail_frames: int = 10
    ending_frames: int = 15
    hangover_frames: int = 20
    min_frames: int = 10
    max_frames: int = 600

    def __post_init__(self) -> None:
        if not 1 <= self.onset_frames <= self.onset_window:
            raise ValueError(f"onset_frames must be 1 to onset_window ({self.onset_window}), not {self.onset_frames}")
        if not 1 <= self.hush_frames <= self.tail_frames <= self.ending_frames < self.hangover_frames:
            raise ValueError(
                "hush_frames, tail_frames, ending_frames and hangover_frames must rise from 1, the last over the one "
                f"before it, not {self.hush_frames}, {self.tail_frames}, {self.ending_frames}, {self.hangover_frames}"
            )
        if self.preroll_frames < 0 or self.min_frames < 0:
            raise ValueError("preroll_frames and min_frames must not be negative")
        least = 2 * (self.preroll_frames + self.onset_window + self.tail_frames + self.hangover_frames)
        if self.max_frames < least:
            raise ValueError(f"max_frames must be at least {least}: twice the pre-roll, onset, tail and hangover")

    @property
    def longest_frames(self) -> int:
        """How far back from the newest frame an event can reach."""
        return self.max_frames + self.hangover_frames


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began; `start` includes the pre-roll."""

    start: int


@dataclass(frozen=True, slots=True)
class Hushed:
    """The speaker has just fallen silent: what was said so far may be all of it."""

    start: int


@dataclass(frozen=True, slots=True)
class Paused:
    """The speaker has been silent for the tail: if it stays so, the utterance will be exactly [start, end)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Ending:
    """The pause has lasted so long that it most likely is the end, of [start, end)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """The speaker went on before the hangover was over."""

    start: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The utterance is [start, end), tail included; decided once `at` frames had been heard."""

    start: int
    end: int
    at: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """What had started was too short for speech; [start, end) belongs to no utterance."""

    start: int
    end: int


SegmentEvent = Started | Hushed | Paused | Ending | Resumed | Ended | Dropped


class Segmenter:
    """Voiced or not, frame by frame, to events.

    An utterance starts once `onset_frames` of the last `onset_window` frames are voiced, is paused after `tail_frames`
    of silence, and ends after `hangover_frames` of it; in between it is told to be ending. One with fewer than
    `min_frames` voiced frames is dropped. One that grows too long is split in the middle of the longest pause of its
    later half, so that it stays within `max_frames`; the rest goes on as the next utterance, and is never dropped.
    Ranges never overlap.
    """

    def __init__(self, config: SegmenterConfig | None = None) -> None:
        self._config = config or SegmenterConfig()
        self._now = 0
        self._free_from = 0
        self._recent: deque[bool] = deque(maxlen=self._config.onset_window)
        self._turn: _Turn | None = None

    def push(self, voiced: bool) -> list[SegmentEvent]:
        """One more frame: what it brings about, in order."""
        self._now += 1
        if self._turn is None:
            return self._wait(voiced)
        return self._follow(self._turn, voiced)

    def flush(self) -> list[SegmentEvent]:
        """Ends the utterance under way, as if the hangover were over. Frames may follow."""
        return self._close(self._turn) if self._turn else []

    def _wait(self, voiced: bool) -> list[SegmentEvent]:
        self._recent.append(voiced)
        if not voiced or sum(self._recent) < self._config.onset_frames:
            return []
        window = list(self._recent)[self._recent.index(True) :]
        start = max(self._free_from, self._now - len(window) - self._config.preroll_frames)
        silence = self._now - len(window) - start
        self._turn = _Turn(start, [False] * silence + window, continues=False)
        return [Started(start)]

    def _follow(self, turn: "_Turn", voiced: bool) -> list[SegmentEvent]:
        turn.add(voiced)
        if voiced:
            return [*self._resume(turn), *self._split_if_long(turn)]
        if turn.silence >= self._config.hangover_frames:
            return self._close(turn)
        return list(self._silent(turn)) if self._is_speech(turn) else []

    def _silent(self, turn: "_Turn") -> Iterator[SegmentEvent]:
        if turn.silence == self._config.hush_frames:
            yield Hushed(turn.start)
        if turn.silence == self._config.tail_frames:
            turn.paused = True
            yield Paused(turn.start, self._now)
        if turn.silence == self._config.ending_frames:
            yield Ending(turn.start, self._now - turn.silence + self._config.tail_frames)

    def _resume(self, turn: "_Turn") -> list[SegmentEvent]:
        if not turn.paused:
            return []
        turn.paused = False
        return [Resumed(turn.start)]

    def _split_if_long(self, turn: "_Turn") -> list[SegmentEvent]:
        # With room for a tail, so that a pause which begins now still ends within max_frames.
        if len(turn.voiced) + self._config.tail_frames <= self._config.max_frames:
            return []
        cut = turn.best_pause(self._config.max_frames)
        rest = _Turn(turn.start + cut, turn.voiced[cut:], continues=True)
        self._turn = rest
        return [Ended(turn.start, rest.start, self._now), Started(rest.start)]

    def _close(self, turn: "_Turn") -> list[SegmentEvent]:
        end = self._now - max(0, turn.silence - self._config.tail_frames)
        self._turn = None
        self._free_from = end
        self._recent.clear()
        return [Ended(turn.start, end, self._now) if self._is_speech(turn) else Dropped(turn.start, end)]

    def _is_speech(self, turn: "_Turn") -> bool:
        return turn.continues or turn.voiced_frames >= self._config.min_frames


class _Turn:
    """The utterance under way: which of its frames are voiced, from `start` until now."""

    def __init__(self, start: int, voiced: list[bool], *, continues: bool) -> None:
        self.start = start
        self.voiced = voiced
        self.continues = continues
        self.paused = False
        self.voiced_frames = sum(voiced)
        self.silence = 0

    def add(self, voiced: bool) -> None:
        self.voiced.append(voiced)
        self.voiced_frames += voiced
        self.silence = 0 if voiced else self.silence + 1

    def best_pause(self, limit: int) -> int:
        """Where to cut: the middle of the longest run of silence in the later half, else before the newest frame.

        Of two as long the later one is taken. The cut is never past `limit`, and a voiced frame always follows it.
        """
        best, longest, run = len(self.voiced) - 1, 0, 0
        for index in range(limit // 2, len(self.voiced)):
            run = 0 if self.voiced[index] else run + 1
            if run and run >= longest:
                best, longest = index + 1 - run + run // 2, run
        return min(best, limit)
