"""How much each modality did for a reading: Shapley values (1953) over the modalities that are there."""

from collections.abc import Mapping
from functools import cache
from itertools import combinations
from math import factorial

from engine.labels import MODALITIES, Modality

Subset = frozenset[Modality]


@cache
def subsets(present: Subset) -> tuple[Subset, ...]:
    """All subsets, the whole first, the empty one last."""
    ordered = [m for m in MODALITIES if m in present]
    return tuple(frozenset(chosen) for size in range(len(ordered), -1, -1) for chosen in combinations(ordered, size))


def shares(value: Mapping[Subset, float]) -> dict[Modality, float]:
    """value: of each subset of the modalities present -> the share of each, 0 to 1, sum 1: |Shapley value|, normalised.

    Equal shares if no modality made a difference.
    """
    size: dict[Modality, float] = {}
    for modality, differences in _differences(max(value, key=len)).items():
        size[modality] = abs(sum(orders * (value[with_it] - value[rest]) for rest, with_it, orders in differences))
    total = sum(size.values())
    return {m: s / total if total > 0 else 1 / len(size) for m, s in size.items()}


@cache
def _differences(whole: Subset) -> dict[Modality, list[tuple[Subset, Subset, float]]]:
    """For each modality: a subset without it, the same with it, and the share of all orders in which it comes then."""
    n = len(whole)
    return {
        m: [
            (rest, rest | {m}, factorial(len(rest)) * factorial(n - len(rest) - 1) / factorial(n))
            for rest in subsets(whole - {m})
        ]
        for m in MODALITIES
        if m in whole
    }
