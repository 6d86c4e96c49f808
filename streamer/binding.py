"""Whose face is whose: over a whole recording, which mouths move with which voice, and when they do not."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from streamer.observed import Observed, Spans, Values, within

_AROUND_SECONDS: Final = 1.0  # before and after an utterance, when its mouth should rest
_SHORTEST_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.5  # between two turns of one utterance
_FEWEST: Final = 6  # pictures of a face in an utterance
_MOVING: Final = 0.005  # of the face's height; less may be noise, and what is more has to follow the voice
_STIR: Final = 5  # pictures: half a second of a mouth, within which it moves or rests
_RANGE_DB: Final = 40.0  # under the loudest of an utterance: silence
_LEAST: Final = 1.5  # seconds of agreement that give a face its speaker
_SHARE: Final = 0.2  # of the time in which the speaker is heard and the face is seen: chance makes a tenth
_MARGIN: Final = 0.7  # of a face's evidence is for its speaker, and of a speaker's for their face
_STRONG: Final = 2.5  # seconds of agreement, in two utterances or more, for a voice to be one of several of a face
_STRONG_SHARE: Final = 0.3
_ALIKE: Final = 0.9  # correlation of two faces' mean looks: the same face at the same place, not another in a new shot
_MOST_AT_ONCE: Final = 0.05  # of a voice's time in which the other is heard too


class Evidence:
    """For each speaker and face: for how many seconds the mouth agreed with the voice.

    An utterance's seconds are shared among the faces whose lips move, by how much they do so while its speaker is
    heard and rest while not, and count in the measure of that correlation. Where two speak at once nothing is counted.
    """

    def __init__(self, observed: Observed, spans: Mapping[str, Spans]) -> None:
        """spans: when each speaks, in seconds, in order of time, none over another of the same speaker."""
        self._observed = observed
        self._spans = spans
        self._agreed: defaultdict[tuple[str, int], float] = defaultdict(float)
        self._seen: defaultdict[tuple[str, int], float] = defaultdict(float)
        self._times: defaultdict[tuple[str, int], int] = defaultdict(int)
        for speaker, own in spans.items():
            for start, end in _utterances(own):
                self._weigh(speaker, start, end)

    def whose(self) -> dict[int, str]:
        """Each face's speaker, by id. A face for which there is little evidence, or for several, has none."""
        return {face: speaker for speaker, face in self._agreed if self._is_of(face, speaker)}

    def one_person(self) -> dict[str, str]:
        """Speakers whose voices are strongly one face's: by speaker, the one with most of them."""
        same: dict[str, str] = {}
        for face in dict.fromkeys(face for _, face in self._agreed):
            strong = [speaker for speaker in self._spans if self._is_strong(speaker, face)]
            strong.sort(key=lambda speaker: -self._agreed[speaker, face])
            for speaker in strong[1:]:
                if speaker not in same and strong[0] not in same and self._may_be_one(strong[0], speaker, face):
                    same[speaker] = strong[0]
        return same

    def _weigh(self, speaker: str, start: float, end: float) -> None:
        others = [spans for name, spans in self._spans.items() if name != speaker]
        weights: dict[int, tuple[float, float]] = {}
        for face, times, mouths in self._observed.faces(start - _AROUND_SECONDS, end + _AROUND_SECONDS):
            inside = (times >= start) & (times < end)
            if inside.sum() < max(_FEWEST, self._observed.pictures(start, end) / 2):
                continue
            self._seen[speaker, face] += end - start
            speaks = np.array([within(time, self._spans[speaker]) for time in times])
            crowd = np.array([any(within(time, spans) for spans in others) for time in times])
            clear = ~(speaks & crowd)
            moved = float(mouths[inside].std())
            if moved < _MOVING or clear.sum() < _FEWEST:
                continue
            levels = self._observed.level(times)
            voice = np.where(speaks, np.clip(levels - levels[inside].max() + _RANGE_DB, 0, _RANGE_DB), 0)
            agrees = _correlation(voice[clear], _stir(mouths)[clear])
            if agrees > 0:
                weights[face] = (moved * agrees, agrees)
        total = sum(weight for weight, _ in weights.values())
        for face, (weight, agrees) in weights.items():
            self._agreed[speaker, face] += (end - start) * agrees * weight / total
            self._times[speaker, face] += 1

    def _is_of(self, face: int, speaker: str) -> bool:
        agreed = self._agreed[speaker, face]
        if agreed < max(_LEAST, _SHARE * self._seen[speaker, face]):
            return False
        all_voices = sum(seconds for (_, other), seconds in self._agreed.items() if other == face)
        return agreed >= _MARGIN * max(all_voices, self._all_faces(speaker, face))

    def _all_faces(self, speaker: str, face: int) -> float:
        """The speaker's evidence for this face and for all that are in the same pictures."""
        return sum(
            seconds
            for (name, other), seconds in self._agreed.items()
            if name == speaker and (other == face or self._observed.together(face, other))
        )

    def _is_strong(self, speaker: str, face: int) -> bool:
        pair = speaker, face
        agreed = self._agreed.get(pair, 0.0)
        return (
            self._times.get(pair, 0) >= 2
            and agreed >= max(_STRONG, _STRONG_SHARE * self._seen[pair])
            and agreed >= _MARGIN * self._all_faces(speaker, face)
        )

    def _may_be_one(self, one: str, other: str, face: int) -> bool:
        shorter, longer = sorted((self._spans[one], self._spans[other]), key=_length)
        if _at_once(shorter, longer) > _MOST_AT_ONCE * _length(shorter):
            return False
        looks = self._observed.look(face, shorter), self._observed.look(face, longer)
        return _correlation(*looks) >= _ALIKE


def _utterances(spans: Spans) -> Iterator[tuple[float, float]]:
    """Spans with short pauses between them as one, those that are too short to judge by left out."""
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] < _PAUSE_SECONDS:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return ((start, end) for start, end in joined if end - start >= _SHORTEST_SECONDS)


def _stir(mouths: Values) -> Values:
    """How much a mouth moves about each picture: the standard deviation of its opening over half a second."""
    padded = np.pad(mouths, _STIR // 2, mode="edge")
    stir: Values = np.lib.stride_tricks.sliding_window_view(padded, _STIR).std(axis=1)
    return stir


def _correlation(one: Values, other: Values) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size > 0 else 0.0


def _length(spans: Spans) -> float:
    return sum(end - start for start, end in spans)


def _at_once(one: Spans, other: Spans) -> float:
    """For how many seconds two speak at once."""
    return sum(max(0.0, min(end, stop) - max(start, begin)) for start, end in one for begin, stop in other)
