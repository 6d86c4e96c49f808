"""A figure says what its values say."""

import pytest

from bench.figure import Figure


def test_percentiles_mean_and_ends_are_those_of_the_values() -> None:
    figure = Figure.of(range(101), "s")
    assert (figure.unit, figure.n, figure.mean) == ("s", 101, 50)
    assert (figure.minimum, figure.p50, figure.p95, figure.p99, figure.maximum) == (0, 50, 95, 99, 100)
    assert figure.spread is None


def test_a_single_value_is_all_of_its_percentiles() -> None:
    figure = Figure.of([7.0])
    assert {figure.minimum, figure.p50, figure.p95, figure.p99, figure.maximum, figure.mean} == {7.0}


def test_repetitions_are_pooled_and_their_medians_give_the_spread() -> None:
    figure = Figure.over([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    assert (figure.n, figure.p50) == (9, 5)
    assert figure.spread is not None
    assert (figure.spread.repetitions, figure.spread.mean, figure.spread.std) == (3, 5, 3)
    assert (figure.spread.minimum, figure.spread.maximum) == (2, 8)


def test_one_repetition_has_no_spread() -> None:
    assert Figure.over([[1.0, 2.0]]).spread is None


def test_no_values_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        Figure.of([])
