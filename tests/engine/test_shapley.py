"""Shares of a reading: what the Shapley value promises."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest

from engine.labels import Modality
from engine.shapley import Subset, shares, subsets

ALL: Subset = frozenset({"text", "audio", "video"})


def test_subsets_go_from_the_whole_to_nothing() -> None:
    found = subsets(ALL)
    assert found[0] == ALL
    assert found[-1] == frozenset()
    assert len(set(found)) == 8


def share(present: Subset, value: Callable[[Subset], float]) -> dict[Modality, float]:
    return shares(present, np.array([[value(s) for s in subsets(present)]]))[0]


def test_shares_of_what_simply_adds_up_are_its_parts() -> None:
    parts: dict[Modality, float] = {"text": 3.0, "audio": -2.0, "video": 0.0}
    found = share(ALL, lambda s: 10 + sum(parts[m] for m in s))
    assert found == pytest.approx({"text": 0.6, "audio": 0.4, "video": 0.0})


def test_what_only_works_together_is_shared_equally() -> None:
    assert share(ALL, lambda s: float(len(s) == 3)) == pytest.approx(dict.fromkeys(ALL, 1 / 3))


@pytest.mark.parametrize("present", [ALL, frozenset({"text", "video"})])
def test_where_nothing_made_a_difference_shares_are_equal(present: Subset) -> None:
    assert share(present, lambda _: -1.7) == dict.fromkeys(present, 1 / len(present))


def test_shares_are_the_mean_over_all_orders_of_what_a_modality_adds() -> None:
    """The definition, counted out, for several rows at once."""
    values = np.random.default_rng(0).normal(size=(4, 8))
    for row, found in zip(values, shares(ALL, values), strict=True):
        value = dict(zip(subsets(ALL), row, strict=True))
        added = dict.fromkeys(ALL, 0.0)
        for order in permutations(ALL):
            for at, m in enumerate(order):
                added[m] += value[frozenset(order[: at + 1])] - value[frozenset(order[:at])]
        total = sum(abs(one) for one in added.values())
        assert found == pytest.approx({m: abs(one) / total for m, one in added.items()})
