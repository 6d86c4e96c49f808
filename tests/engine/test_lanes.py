"""Work side by side: all of it done, in order, on no more threads than were asked for."""

import threading

import pytest

from engine.lanes import Lanes

WAIT = 10.0


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("calls", [0, 1, 2, 5])
def test_results_come_in_the_order_of_the_calls(count: int, calls: int) -> None:
    lanes = Lanes(count)
    assert lanes.run([lambda n=n: n for n in range(calls)]) == list(range(calls))  # type: ignore[misc]
    lanes.close()


def test_two_calls_run_at_once_on_two_lanes() -> None:
    lanes, meeting = Lanes(2), threading.Barrier(2, timeout=WAIT)
    lanes.run([meeting.wait, meeting.wait])
    lanes.close()


def test_who_is_done_takes_over_what_has_not_begun() -> None:
    lanes, over = Lanes(2), threading.Event()
    ran_in: dict[str, str] = {}

    def busy() -> None:
        ran_in["busy"] = threading.current_thread().name
        assert over.wait(WAIT)

    def last() -> None:
        ran_in["last"] = threading.current_thread().name
        over.set()

    lanes.run([lambda: None, busy, last])
    assert ran_in["last"] == threading.current_thread().name != ran_in["busy"]
    lanes.close()


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_an_error_of_any_call_is_raised(bad: int) -> None:
    def call(n: int) -> int:
        if n == bad:
            raise ValueError("bad")
        return n

    lanes = Lanes(2)
    with pytest.raises(ValueError, match="bad"):
        lanes.run([lambda n=n: call(n) for n in range(3)])  # type: ignore[misc]
    assert lanes.run([lambda: 1, lambda: 2]) == [1, 2]
    lanes.close()
