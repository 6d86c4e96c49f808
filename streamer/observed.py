"""What a recording shows and lets hear of those who speak in it, kept small: mouths, looks, loudness."""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from streamer.audio import Samples
from streamer.faces import Face

_LOOK: Final = 16  # pixels across
_FEWEST: Final = 6  # pictures that two faces share, to be two
_BELOW_LOUDEST_DB: Final = 25.0
_QUIETEST_DB: Final = -60.0

Spans = Sequence[tuple[float, float]]
Values = npt.NDArray[np.float64]


class Observed:
    """What was heard of each track and seen of each face, in order of time; an hour takes a few megabytes."""

    def __init__(self) -> None:
        self._heard: defaultdict[str, tuple[array[float], array[float]]] = defaultdict(_series)
        self._mouths: defaultdict[int, tuple[array[float], array[float]]] = defaultdict(_series)
        self._looks: defaultdict[int, list[tuple[float, npt.NDArray[np.uint8]]]] = defaultdict(list)
        self._pictures = array("d")

    def hear(self, track: str, time: float, pcm: Samples) -> None:
        """A tenth of a second of a track, float32 [n]."""
        times, levels = self._heard[track]
        times.append(time)
        levels.append(10 * float(np.log10(np.mean(np.square(pcm)) + 1e-10)))

    def see(self, time: float, faces: Iterable[Face]) -> None:
        """The faces of one picture."""
        self._pictures.append(time)
        for face in faces:
            times, mouths = self._mouths[face.id]
            times.append(time)
            mouths.append(face.mouth)
            looks = self._looks[face.id]
            if not looks or time >= looks[-1][0] + 1.0:
                look = cv2.resize(face.crop, (_LOOK, _LOOK), interpolation=cv2.INTER_AREA)
                looks.append((time, np.asarray(look, np.uint8)))

    def pictures(self, start: float, end: float) -> int:
        """How many were seen between two times."""
        return bisect_left(self._pictures, end) - bisect_left(self._pictures, start)

    def faces(self, start: float, end: float) -> Iterator[tuple[int, Values, Values]]:
        """Those seen between two times: id, times, and the openings of the mouth then."""
        for id, (times, mouths) in self._mouths.items():
            span = slice(bisect_left(times, start), bisect_left(times, end))
            if span.start < span.stop:
                yield id, np.array(times[span]), np.array(mouths[span])

    def level(self, times: Values) -> Values:
        """How loud the loudest track is at these times, in dB."""
        found: list[Values] = []
        for began, levels in self._heard.values():
            index = np.searchsorted(np.frombuffer(began), times, side="right") - 1
            found.append(np.frombuffer(levels)[np.maximum(index, 0)])
        loudest: Values = np.max(found, axis=0)
        return loudest

    def voiced(self, track: str) -> Spans:
        """When a track is about as loud as it ever is, and the loudest: for one that is a single speaker's."""
        began, levels = (np.frombuffer(values) for values in self._heard[track])
        least = max(float(np.percentile(levels, 99.5)) - _BELOW_LOUDEST_DB, _QUIETEST_DB)
        voiced = (levels > least) & (levels >= self.level(began))
        edges = np.flatnonzero(np.diff(voiced.astype(np.int8), prepend=0, append=0))
        ends = np.append(began, began[-1] + 0.1)
        return [(float(ends[first]), float(ends[last])) for first, last in zip(edges[::2], edges[1::2], strict=True)]

    def together(self, one: int, other: int) -> bool:
        """Whether two faces are in the same pictures."""
        (first, _), (second, _) = self._mouths[one], self._mouths[other]
        if first[0] > second[-1] or second[0] > first[-1]:
            return False
        return len(np.intersect1d(first, second, assume_unique=True)) >= _FEWEST

    def look(self, face: int, spans: Spans) -> Values:
        """How a face looks on average in these spans: [256], less their mean; zeros where it is not seen."""
        seen = [look for time, look in self._looks[face] if within(time, spans)]
        if not seen:
            return np.zeros(_LOOK * _LOOK)
        mean = np.mean(seen, axis=0, dtype=np.float64).ravel()
        deviations: Values = mean - mean.mean()
        return deviations


def within(time: float, spans: Spans) -> bool:
    """Whether a time is in one of the spans, which are in order and none over another."""
    index = bisect_left(spans, (time, np.inf)) - 1
    return index >= 0 and time < spans[index][1]


def _series() -> tuple["array[float]", "array[float]"]:
    return array("d"), array("d")
