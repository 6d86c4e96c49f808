"""What the server gives up when the machine can't keep up: first pictures, then provisional readings, never finals."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

_WINDOW_SECONDS: Final = 0.5  # in which the longest wait counts


@dataclass(frozen=True, slots=True)
class Effort:
    """What is done for each participant. pictures: the share of `faces_per_second`; provisional: whether at all."""

    pictures: float
    provisional: bool


EFFORTS: Final = (Effort(1.0, True), Effort(0.5, True), Effort(0.2, True), Effort(0.2, False))


class Load:
    """How long the streamer's own steps take, from all participants: that is what a busy machine makes longer.

    One step of effort is given up where something took `behind` seconds in two windows running, since one may have had
    something to load; and taken up again after `calm` seconds in which nothing took half of that.
    changed: called whenever effort changes, with how long it took; with 0 where more is done again.
    """

    def __init__(
        self, behind: float, calm: float, changed: Callable[[float], None], now: Callable[[], float] = monotonic
    ) -> None:
        self._behind = behind
        self._calm = calm
        self._changed = changed
        self._now = now
        self._longest = 0.0
        self._late_before = False
        self._began = self._calm_since = now()
        self.given_up = 0

    @property
    def effort(self) -> Effort:
        """What is done now."""
        return EFFORTS[self.given_up]

    def took(self, seconds: float) -> None:
        """A step took so long, its waits for threads and for the engine included."""
        self._longest = max(self._longest, seconds)
        now = self._now()
        if now < self._began + _WINDOW_SECONDS:
            return
        longest, self._longest, self._began = self._longest, 0.0, now
        late_before, self._late_before = self._late_before, longest >= self._behind
        if longest >= self._behind / 2:
            self._calm_since = now
        if self._late_before and late_before and self.given_up < len(EFFORTS) - 1:
            self._move(+1, longest)
        elif now >= self._calm_since + self._calm and self.given_up:
            self._calm_since = now
            self._move(-1, 0.0)

    def _move(self, by: int, longest: float) -> None:
        self.given_up += by
        self._changed(longest)


def unhurried() -> Load:
    """That of recordings: they take the time that they take, and nothing is given up."""
    return Load(math.inf, math.inf, lambda _: None)
