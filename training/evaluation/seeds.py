"""Several bundles that differ by their seed alone: mean and spread of their figures."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from training.evaluation.scores import CannotScore, Scores

_SAME: Final = ("corpus", "split", "file", "plain", "streaming", "n", "labels", "counts")  # of all rows


def together(rows: Sequence[Scores]) -> Scores:
    """One result of several: the means at the top level, `confusion` summed, then `mean`, `spread` and each row.

    spread: the standard deviation with n - 1. Raises CannotScore unless all judged the same labels and rows.
    """
    first = rows[0]
    if any((row["labels"], row["counts"]) != (first["labels"], first["counts"]) for row in rows):
        raise CannotScore("the bundles do not have the same labels: give bundles of one kind together")
    mean = _each(rows, lambda values: float(np.mean(values)))
    spread = _each(rows, lambda values: float(np.std(values, ddof=1)))
    return {
        **{name: first[name] for name in _SAME if name in first},
        **mean,
        "confusion": np.sum([np.array(row["confusion"]) for row in rows], axis=0).tolist(),
        "seeds": len(rows),
        "mean": mean,
        "spread": spread,
        "bundles": list(rows),
    }


def _each(rows: Sequence[Scores], of: Callable[[Sequence[float]], float]) -> Scores:
    """The statistic of every fraction that all rows have, tables within tables alike; counts are left out."""
    found: Scores = {}
    for name in rows[0]:
        values = [row.get(name) for row in rows]
        numbers = [value for value in values if isinstance(value, float)]
        tables = [value for value in values if isinstance(value, dict)]
        if len(numbers) == len(rows):
            found[name] = of(numbers)
        elif len(tables) == len(rows) and (inner := _each(tables, of)):
            found[name] = inner
    return found
