"""Batches of fixed sizes."""

from hypothesis import given
from hypothesis import strategies as st

from engine.cuda.graphs import in_sizes


@given(count=st.integers(0, 900), sizes=st.lists(st.integers(1, 300), min_size=1, max_size=5, unique=True).map(sorted))
def test_every_row_is_in_one_call_whose_size_is_the_smallest_that_holds_it(count: int, sizes: list[int]) -> None:
    calls = in_sizes(count, sizes)
    assert [row for rows, _ in calls for row in rows] == list(range(count))
    assert len(calls) == -(-count // sizes[-1])
    for rows, size in calls:
        assert len(rows) <= size
        assert not any(len(rows) <= smaller < size for smaller in sizes)
