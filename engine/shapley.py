"""How much each modality did for a reading: Shapley values (1953) over the modalities that are there."""

from collections.abc import Mapping
from itertools import combinations
from math import factorial

from engine.labels import MODALITIES, Modality

Subset = frozenset[Modality]


def subsets(present: Subset) -> list[Subset]:
    """All subsets, the whole first, the empty one last."""
    ordered = [m for m in MODALITIES if m in present]
    return [frozenset(chosen) for size in range(len(ordered), -1, -1) for chosen in combinations(ordered, size)]


def shares(value: Mapping[Subset, float]) -> dict[Modality, float]:
    """value: of each subset of the modalities present -> the share of each, 0 to 1, sum 1: |Shapley value|, normalised.

    Equal shares if no modality made a difference.
    """
    whole = max(value, key=len)
    n = len(whole)
    size: dict[Modality, float] = {}
    for modality in (m for m in MODALITIES if m in whole):
        phi = 0.0
        for rest in subsets(whole - {modality}):
            orders = factorial(len(rest)) * factorial(n - len(rest) - 1) / factorial(n)
            phi += orders * (value[rest | {modality}] - value[rest])
        size[modality] = abs(phi)
    total = sum(size.values())
    return {m: s / total if total > 0 else 1 / n for m, s in size.items()}
