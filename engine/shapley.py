"""How much each modality did for a reading: Shapley values (1953) over the modalities that are there."""

from functools import cache
from itertools import combinations
from math import factorial
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.labels import MODALITIES, Modality

Subset = frozenset[Modality]

_NOTHING: Final = 1e-12  # what sums of float64 may be off by


@cache
def subsets(present: Subset) -> tuple[Subset, ...]:
    """All subsets, the whole first, the empty one last."""
    ordered = [m for m in MODALITIES if m in present]
    return tuple(frozenset(chosen) for size in range(len(ordered), -1, -1) for chosen in combinations(ordered, size))


def shares(present: Subset, values: npt.NDArray[np.float64]) -> list[dict[Modality, float]]:
    """values: [n, S], of each of `subsets(present)` -> for each row the share of each modality, 0 to 1, sum 1.

    A share is the |Shapley value|, normalised; they are equal if no modality made a difference.
    """
    ordered = [m for m in MODALITIES if m in present]
    size = np.abs((values[:, :, None] * _orders(present)).sum(axis=1))
    total = size.sum(axis=1, keepdims=True)
    equal = np.full_like(size, 1 / len(ordered))
    found = np.divide(size, total, out=equal, where=total > _NOTHING).tolist()
    return [dict(zip(ordered, row, strict=True)) for row in found]


@cache
def _orders(present: Subset) -> npt.NDArray[np.float64]:
    """[S, modalities]: what the value of each subset counts for that of each modality.

    With it: the share of all orders in which it comes just then, after the others; without it: that of those in which
    it comes next, taken away.
    """
    ordered, n = [m for m in MODALITIES if m in present], len(present)
    share = [factorial(size) * factorial(n - size - 1) / factorial(n) for size in range(n)]
    return np.array(
        [[share[len(s) - 1] if m in s else -share[len(s)] for m in ordered] for s in subsets(present)], np.float64
    )
