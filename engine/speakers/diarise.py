"""A whole recording's turns: everything is heard once, then voices become people all at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.lanes import Lanes
from engine.speakers.models import Samples, SpeakerModels
from engine.speakers.people import assign, people
from engine.speakers.segmentation import WINDOW_SECONDS, frames_at
from engine.speakers.window import HeardWindow, Windows, hear
from engine.threads import THREADS
from engine.utterance import SAMPLE_RATE

HOP_SECONDS: Final = 1.0
FRAME_SECONDS: Final = 0.02
_SPEECH: Final = 0.35
_OVERLAP: Final = 0.15

Shares = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Turn:
    """One person speaks from `start` to `end`, in seconds; people have numbers from 0, by first appearance.

    overlap: the share of it in which somebody else speaks too. clear: how sure it is, on average, that this is speech.
    """

    start: float
    end: float
    speaker: int
    overlap: float
    clear: float


@dataclass(frozen=True, slots=True)
class Diarisation:
    """The turns of a recording, in order of their start, and how many people take them."""

    turns: tuple[Turn, ...]
    speakers: int

    def joined(self, same: Mapping[int, int]) -> "Diarisation":
        """The same turns where some people turn out to be others, by number; their turns at once become one."""
        found: dict[int, list[Turn]] = {}
        for turn in self.turns:
            one = replace(turn, speaker=same.get(turn.speaker, turn.speaker))
            own = found.setdefault(one.speaker, [])
            if own and one.start < own[-1].end:
                own[-1] = _union(own[-1], one)
            else:
                own.append(one)
        return _in_order(turn for own in found.values() for turn in own)


class Diariser:
    """Takes a mixed track, float32 at 16 kHz, in chunks of any length. Memory: 10 kB for two seconds.

    threads: as many windows are listened to side by side.
    """

    def __init__(self, models: SpeakerModels, threads: int = THREADS) -> None:
        self._models = models
        self._windows = Windows(HOP_SECONDS)
        self._lanes, self._threads = Lanes(threads), threads
        self._waiting: list[Callable[[], HeardWindow]] = []
        self._heard: list[HeardWindow] = []
        self._samples = 0

    def push(self, pcm: Samples) -> None:
        """More of the track, float32 [n]."""
        self._samples += len(pcm)
        self._listen(self._windows.push(pcm))

    def finish(self, speakers: int | None = None, most: int = 8) -> Diarisation:
        """speakers: how many people there are; None finds out, at most `most`. Nothing can be pushed after it."""
        self._listen(self._windows.flush())
        self._heard += self._lanes.run(self._waiting)
        self._lanes.close()
        voices = [voice for heard in self._heard for voice in heard.voices]
        centres = people(voices, HOP_SECONDS / WINDOW_SECONDS, speakers, most)
        said, speech = _together(self._heard, centres, self._samples / SAMPLE_RATE)
        return _turns(said, speech)

    def _listen(self, windows: Iterable[tuple[float, Samples]]) -> None:
        for start, window in windows:
            number = len(self._heard) + len(self._waiting)
            self._waiting.append(partial(hear, self._models, number, start, window))
            if len(self._waiting) == self._threads:
                self._heard += self._lanes.run(self._waiting)
                self._waiting.clear()


def _together(heard: Sequence[HeardWindow], centres: Samples, seconds: float) -> tuple[npt.NDArray[np.bool_], Shares]:
    """Who speaks in each frame of 20 ms, bool [T, people], and the probability that anybody does, [T].

    The windows that hold a frame are averaged: first how many speak, then who of the people is likeliest to.
    """
    frames = round(seconds / FRAME_SECONDS)
    likely = np.zeros((frames, len(centres)), np.float32)
    speech, overlap, windows = (np.zeros(frames, np.float32) for _ in range(3))
    for one in heard:
        first = round(one.start / FRAME_SECONDS)
        span = slice(first, min(frames, first + round(WINDOW_SECONDS / FRAME_SECONDS)))
        times = (np.arange(span.start, span.stop) + 0.5) * FRAME_SECONDS - one.start
        index = frames_at(times, len(one.speech.overlap))
        windows[span] += 1
        speech[span] += one.speech.speech[index]
        overlap[span] += one.speech.overlap[index]
        for local, person in assign(one.voices, centres).items():
            likely[span, person] += one.speech.speakers[index, local]
    windows = np.maximum(windows, 1)
    speech, overlap = speech / windows, overlap / windows
    many = (speech > _SPEECH).astype(int) + ((speech > _SPEECH) & (overlap > _OVERLAP))
    rank = np.argsort(np.argsort(-likely, axis=1, kind="stable"), axis=1)
    said: npt.NDArray[np.bool_] = (rank < many[:, None]) & (likely > 0)
    return said, speech


def _turns(said: npt.NDArray[np.bool_], speech: Shares) -> Diarisation:
    crowd = said.sum(axis=1) > 1
    found: list[Turn] = []
    for person in range(said.shape[1]):
        edges = np.flatnonzero(np.diff(said[:, person].astype(np.int8), prepend=0, append=0))
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            clear, overlap = float(speech[start:end].mean()), float(crowd[start:end].mean())
            found.append(Turn(start * FRAME_SECONDS, end * FRAME_SECONDS, person, overlap, clear))
    return _in_order(found)


def _in_order(turns: Iterable[Turn]) -> Diarisation:
    """Turns by their start, people numbered by first appearance."""
    found = sorted(turns, key=lambda turn: (turn.start, turn.speaker))
    order = {person: number for number, person in enumerate(dict.fromkeys(turn.speaker for turn in found))}
    return Diarisation(tuple(replace(one, speaker=order[one.speaker]) for one in found), len(order))


def _union(one: Turn, other: Turn) -> Turn:
    """Two turns of one person that are partly at once; what is said of them weighs by their lengths."""
    first, second = one.end - one.start, other.end - other.start
    overlap, clear = (
        (first * a + second * b) / (first + second) for a, b in ((one.overlap, other.overlap), (one.clear, other.clear))
    )
    return Turn(one.start, max(one.end, other.end), one.speaker, overlap, clear)
