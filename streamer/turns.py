"""One speaker's turns, known before the sound is heard: they take the place of voice activity."""

from bisect import bisect_right
from collections.abc import Iterable

from engine.speakers import Turn
from streamer.protocol import Mark

_CROWDED = 0.5
_FAR = 0.75


class KnownTurns:
    """When a speaker speaks, by media time. Its turns do not overlap."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        self._turns = sorted(turns, key=lambda turn: turn.start)
        self._starts = [turn.start for turn in self._turns]

    @property
    def spans(self) -> list[tuple[float, float]]:
        """Start and end of each turn, in order."""
        return [(turn.start, turn.end) for turn in self._turns]

    def at(self, time: float) -> bool:
        """Whether the speaker speaks at this time."""
        index = bisect_right(self._starts, time) - 1
        return index >= 0 and time < self._turns[index].end

    def marks(self, start: float, end: float) -> tuple[Mark, ...]:
        """What makes an utterance hard to read: others speak in half of it, or the voice is too far to be sure of."""
        inside = [turn for turn in self._turns if turn.start < end and turn.end > start]
        seconds = sum(turn.end - turn.start for turn in inside)
        if not inside:
            return ()
        crowded = sum(turn.overlap * (turn.end - turn.start) for turn in inside) / seconds
        clear = sum(turn.clear * (turn.end - turn.start) for turn in inside) / seconds
        marks: tuple[tuple[Mark, bool], ...] = (("overlap", crowded >= _CROWDED), ("far", clear < _FAR))
        return tuple(mark for mark, true in marks if true)
