"""Scores of a classifier, from true labels and probabilities."""

import numpy as np
import numpy.typing as npt

from engine.labels import EMOTIONS

Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float64]


def confusion(true: Labels, said: Labels, classes: int = len(EMOTIONS)) -> npt.NDArray[np.int64]:
    """[true, said] counts."""
    table = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(table, (true, said), 1)
    return table


def f1_per_class(table: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """F1 of each class of a confusion table; 0 where a class was neither there nor said."""
    hits = np.diag(table).astype(np.float64)
    scores: Probabilities = 2.0 * hits / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1)
    return scores


def weighted_f1(true: Labels, said: Labels, classes: int = len(EMOTIONS)) -> float:
    """F1 of each class, weighted by how often it is true."""
    table = confusion(true, said, classes)
    return float((f1_per_class(table) * table.sum(axis=1)).sum() / table.sum())


def macro_f1(true: Labels, said: Labels, classes: int = len(EMOTIONS)) -> float:
    """The plain mean of F1 over the classes that occur."""
    table = confusion(true, said, classes)
    return float(f1_per_class(table)[table.sum(axis=1) > 0].mean())


def accuracy(true: Labels, said: Labels) -> float:
    """The share that is right."""
    return float((true == said).mean())


def unweighted_recall(true: Labels, said: Labels, classes: int = len(EMOTIONS)) -> float:
    """UAR: the mean recall over the classes that occur. Chance is one over their number."""
    table = confusion(true, said, classes)
    there = table.sum(axis=1)
    return float((np.diag(table)[there > 0] / there[there > 0]).mean())


def calibration_error(true: Labels, probabilities: Probabilities, bins: int = 15) -> float:
    """ECE over equal-width bins of confidence (Guo et al., ICML 2017)."""
    confidence, said = probabilities.max(axis=1), probabilities.argmax(axis=1)
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gap = 0.0
    for index in range(bins):
        inside = bin_of == index
        if inside.any():
            gap += inside.mean() * abs((said[inside] == true[inside]).mean() - confidence[inside].mean())
    return float(gap)
