"""Shares of a reading: what the Shapley value promises."""

import pytest

from engine.labels import Modality
from engine.shapley import Subset, shares, subsets

ALL: Subset = frozenset({"text", "audio", "video"})


def test_subsets_go_from_the_whole_to_nothing() -> None:
    found = subsets(ALL)
    assert found[0] == ALL
    assert found[-1] == frozenset()
    assert len(set(found)) == 8


def test_shares_of_what_simply_adds_up_are_its_parts() -> None:
    parts: dict[Modality, float] = {"text": 3.0, "audio": -2.0, "video": 0.0}
    value = {s: 10 + sum(parts[m] for m in s) for s in subsets(ALL)}
    assert shares(value) == pytest.approx({"text": 0.6, "audio": 0.4, "video": 0.0})


def test_what_only_works_together_is_shared_equally() -> None:
    value = {s: float(len(s) == 3) for s in subsets(ALL)}
    assert shares(value) == pytest.approx(dict.fromkeys(ALL, 1 / 3))


def test_where_nothing_made_a_difference_shares_are_equal() -> None:
    value = dict.fromkeys(subsets(frozenset({"text", "video"})), -1.5)
    assert shares(value) == {"text": 0.5, "video": 0.5}
