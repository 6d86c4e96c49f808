"""Which of several faces speaks: the one whose mouth moves most while there is voice."""

from collections import defaultdict
from collections.abc import Iterable
from math import sqrt
from statistics import fmean
from typing import Final

from streamer.faces import Face

_FEWEST: Final = 4
_MOVING: Final = 0.012
"""A still mouth seems to move by up to 0.008 of the face's height: a small face in a compressed picture."""


def talking(pictures: Iterable[Iterable[Face]]) -> int | None:
    """The id of the face whose lips part and meet most over some pictures, or None where no mouth moves.

    How much a mouth moves is the standard deviation of its opening, in shares of the face's height.
    """
    openings: defaultdict[int, list[float]] = defaultdict(list)
    for faces in pictures:
        for face in faces:
            openings[face.id].append(face.mouth)
    moved = {id: _deviation(seen) for id, seen in openings.items() if len(seen) >= _FEWEST}
    most = max(moved, key=moved.__getitem__, default=None)
    return most if most is not None and moved[most] >= _MOVING else None


def _deviation(values: list[float]) -> float:
    """Their standard deviation. That of `statistics` is exact, and takes twenty times as long."""
    mean = fmean(values)
    return sqrt(fmean((value - mean) ** 2 for value in values))
