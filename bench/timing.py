"""How long one call takes, in milliseconds."""

from collections.abc import Awaitable, Callable
from time import perf_counter


def timed(call: Callable[[], object]) -> float:
    """Of a function."""
    began = perf_counter()
    call()
    return 1e3 * (perf_counter() - began)


async def awaited(call: Callable[[], Awaitable[object]]) -> float:
    """Of a coroutine, until its result is there."""
    began = perf_counter()
    await call()
    return 1e3 * (perf_counter() - began)
