"""Voices to people: agglomerative clustering of what was heard all over a recording."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import squareform

from engine.speakers.models import Samples
from engine.speakers.voice import VOICE_WIDTH
from engine.speakers.window import Voice

_FARTHEST: Final = 0.3  # cosine distance between two clusters of one person's voices, on average
_APART: Final = 2.0  # that of two voices in one window: they are two people, however alike
_TELLING_SECONDS: Final = 1.0  # a voice heard for less in its window joins people, and makes none
_LEAST_SECONDS: Final = 0.4  # of voice, for somebody to count as a person
_MOST_VOICES: Final = 4000  # clustering takes memory by their square; more are thinned out evenly
_ROUNDS: Final = 5

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def people(voices: Sequence[Voice], weight: float, wanted: int | None, most: int) -> Samples:
    """The voice of each person, unit vectors float32 [k, 256], whoever spoke longest first; [0, 256] without voices.

    weight: what a second of a voice counts, since windows overlap; wanted: how many people there are, None to find out;
    most: never more than so many.
    """
    if not voices:
        return np.zeros((0, VOICE_WIDTH), np.float32)
    telling = [voice for voice in voices if voice.seconds >= _TELLING_SECONDS] or list(voices)
    if len(telling) > _MOST_VOICES:
        telling = [telling[i] for i in np.linspace(0, len(telling) - 1, _MOST_VOICES).astype(int)]
    seconds = weight * np.array([voice.seconds for voice in telling])
    labels = _labels(telling, seconds, wanted)
    lengths = np.bincount(labels, weights=seconds)
    longest = [int(label) for label in np.argsort(-lengths, kind="stable")]
    known = [label for label in longest if lengths[label] >= _LEAST_SECONDS] or longest[:1]
    kept = longest[:wanted] if wanted else known[:most]
    embeddings = np.stack([voice.embedding for voice in telling])
    return _settled(voices, _unit(np.stack([embeddings[labels == label].mean(axis=0) for label in kept])))


def assign(voices: Sequence[Voice], people: Samples) -> dict[int, int]:
    """For the voices of one window: local speaker to person. Two voices of one window are never one person."""
    if not voices or not len(people):
        return {}
    likeness = np.stack([voice.embedding for voice in voices]) @ people.T
    rows, columns = linear_sum_assignment(likeness, maximize=True)
    return {voices[row].speaker: int(column) for row, column in zip(rows, columns, strict=True)}


def _labels(voices: Sequence[Voice], seconds: Floats, wanted: int | None) -> Labels:
    """A cluster for each voice, from 0. With `wanted`, the coarsest cut that has so many people worth the name."""
    if len(voices) == 1:
        return np.zeros(1, np.int64)
    tree = linkage(squareform(_distances(voices), checks=False), method="average")
    if wanted is None:
        return _cut(tree, _FARTHEST)
    for height in tree[::-1, 2]:
        labels = _cut(tree, height - 1e-9)
        if (np.bincount(labels, weights=seconds) >= _LEAST_SECONDS).sum() >= wanted:
            return labels
    return _cut(tree, 0.0)


def _distances(voices: Sequence[Voice]) -> Samples:
    embeddings = np.stack([voice.embedding for voice in voices])
    windows = np.array([voice.window for voice in voices])
    distances: Samples = np.maximum(1 - embeddings @ embeddings.T, 0).astype(np.float32)
    distances[windows[:, None] == windows] = _APART
    np.fill_diagonal(distances, 0)
    return distances


def _cut(tree: Floats, height: float) -> Labels:
    return np.asarray(fcluster(tree, max(height, 0.0), criterion="distance"), np.int64) - 1


def _settled(voices: Sequence[Voice], people: Samples) -> Samples:
    """K-means from there, each voice weighed by its length, the voices of a window held apart."""
    windows: defaultdict[int, list[Voice]] = defaultdict(list)
    for voice in voices:
        windows[voice.window].append(voice)
    for _ in range(_ROUNDS):
        sums = np.zeros_like(people)
        for there in windows.values():
            who = assign(there, people)
            for voice in there:
                if voice.speaker in who:
                    sums[who[voice.speaker]] += voice.seconds * voice.embedding
        people = _unit(np.where(sums.any(axis=1, keepdims=True), sums, people))
    return people


def _unit(vectors: Samples) -> Samples:
    unit: Samples = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit
