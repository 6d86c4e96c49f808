"""Who speaks, utterance by utterance, while a conversation goes on: an id at once, and corrected when more is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from engine.mel import decibels
from engine.speakers.models import Samples, packaged
from engine.speakers.people import people
from engine.speakers.window import Voice
from engine.utterance import SAMPLE_RATE

_REMEMBERED: Final = 200
_STRANGER: Final = 0.3  # cosine distance from all that are known, above which somebody new speaks
_LEAST_SECONDS: Final = 0.6  # of sound, to know a voice by
_QUIET_DB: Final = 35.0  # under the loudest frame: no voice
_FRAME_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """An utterance's voice: unit vector, float32 [256], and the seconds that it was taken from."""

    embedding: Samples
    seconds: float


def voice_print(pcm: Samples) -> Print | None:
    """The voice of an utterance, float32 [n] at 16 kHz; None where it is too short. May run in any thread."""
    if len(pcm) < _LEAST_SECONDS * SAMPLE_RATE:
        return None
    loudness = decibels(pcm).amax(dim=1).numpy()
    voiced = loudness > loudness.max() - _QUIET_DB
    return Print(packaged().voices(pcm, voiced[None])[0], float(voiced.sum()) * _FRAME_SECONDS)


class OnlineSpeakers:
    """The speakers of one live track, as numbers from 1 in the order of their first words.

    Each utterance is compared with everyone known. After each, all that is remembered, the newest 200 utterances, is
    clustered anew as a recording's would be; an id stays with the person of whom most was said under it.
    """

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._prints: dict[str, Print] = {}
        self._ids: dict[str, int] = {}
        self._next = 1

    def guess(self, heard: Print | None) -> int | None:
        """Who it sounds like so far: somebody known, the next new number, or None where nothing can be said."""
        if heard is None:
            return None
        means = self._means()
        if not means:
            return self._next
        likeness = {number: float(mean @ heard.embedding) for number, mean in means.items()}
        nearest = max(likeness, key=lambda number: likeness[number])
        if likeness[nearest] < 1 - _STRANGER and len(means) < self._most:
            return self._next
        return nearest

    def settle(self, utterance: str, heard: Print | None) -> tuple[int | None, dict[str, int]]:
        """The utterance is over: its speaker, and which earlier utterances have another speaker than was said."""
        number = self.guess(heard)
        if heard is None or number is None:
            return None, {}
        self._next = max(self._next, number + 1)
        self._prints[utterance], self._ids[utterance] = heard, number
        while len(self._prints) > _REMEMBERED:
            oldest = next(iter(self._prints))
            del self._prints[oldest], self._ids[oldest]
        changed = self._review()
        self._ids.update(changed)
        return self._ids[utterance], {known: to for known, to in changed.items() if known != utterance}

    def _means(self) -> dict[int, Samples]:
        """The mean voice of each person, a unit vector."""
        sums: dict[int, Samples] = {}
        for utterance, number in self._ids.items():
            one = self._prints[utterance]
            sums[number] = sums.get(number, np.zeros_like(one.embedding)) + one.seconds * one.embedding
        return {number: total / np.linalg.norm(total) for number, total in sums.items()}

    def _review(self) -> dict[str, int]:
        """Everybody anew: what differs from the ids that utterances have."""
        names = list(self._prints)
        voices = [Voice(i, 0, self._prints[name].seconds, self._prints[name].embedding) for i, name in enumerate(names)]
        centres = people(voices, 1.0, None, self._most)
        clusters = (np.stack([voice.embedding for voice in voices]) @ centres.T).argmax(axis=1)
        number = self._numbers(names, clusters.tolist())
        found = {name: number[int(cluster)] for name, cluster in zip(names, clusters, strict=True)}
        return {name: who for name, who in found.items() if who != self._ids[name]}

    def _numbers(self, names: Sequence[str], clusters: Sequence[int]) -> dict[int, int]:
        """An id for each cluster: so that as many seconds as can be keep theirs; new ones for people unheard of."""
        known = sorted(set(self._ids.values()))
        shared = np.zeros((max(clusters) + 1, len(known)))
        for name, cluster in zip(names, clusters, strict=True):
            shared[cluster, known.index(self._ids[name])] += self._prints[name].seconds
        rows, columns = linear_sum_assignment(shared, maximize=True)
        number = {int(row): known[column] for row, column in zip(rows, columns, strict=True) if shared[row, column]}
        for cluster in dict.fromkeys(clusters):
            if cluster not in number:
                number[cluster], self._next = self._next, self._next + 1
        return number
