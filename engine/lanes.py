"""Work side by side: libraries that leave Python's lock while they compute take a core each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


class Lanes:
    """So many threads, the caller's among them. Close it when done."""

    def __init__(self, count: int) -> None:
        self._beside = ThreadPoolExecutor(count - 1, "undertone-lane") if count > 1 else None

    def run(self, calls: Sequence[Callable[[], _T]]) -> list[_T]:
        """The results, in their order. The first goes to the caller, which then takes over what has not begun."""
        if self._beside is None or len(calls) < 2:
            return [call() for call in calls]
        others = [self._beside.submit(call) for call in calls[1:]]
        results = [calls[0]()]
        # From the end on: what comes last has most likely not begun.
        pairs = zip(calls[:0:-1], others[::-1], strict=True)
        late = [call() if future.cancel() else future.result() for call, future in pairs]
        return results + late[::-1]

    def close(self) -> None:
        """What runs is finished."""
        if self._beside is not None:
            self._beside.shutdown()
