"""Engines side by side on one device, each in a process of its own: what they answer together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from threading import Barrier, BrokenBarrierError
from time import perf_counter
from typing import Final

from bench.errors import CannotMeasure
from bench.figure import Curve, Figure, Point
from bench.past import begin
from bench.timing import awaited
from bench.utterances import unseen, utterance
from engine import Dialogue, Engine
from engine.garbage import loaded_for_good

DIALOGUES: Final = 512  # of each engine, all at once
_READY: Final = 300.0  # seconds for all of them to be loaded


def by_processes(load: Callable[[int], Engine], counts: Sequence[int], seconds: float) -> list[Curve]:
    """Latency and throughput of everything, with so many engines; `load` goes to other processes, by pickle.

    Raises CannotMeasure where one of them ends.
    """
    latency: list[Point] = []
    rates: list[Point] = []
    for count in counts:
        taken = [ms for engine in _side_by_side(load, count, seconds) for ms in engine]
        latency.append(Point(at=count, figure=Figure.of(taken)))
        rates.append(Point(at=count, figure=Figure.of([len(taken) / seconds], "utterances/s")))
    name, over = f"all, {DIALOGUES} dialogues each", "engines side by side"
    return [Curve(name=name, over=over, points=points) for points in (latency, rates)]


def _side_by_side(load: Callable[[int], Engine], count: int, seconds: float) -> list[list[float]]:
    context = get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(count, mp_context=context) as pool:
        start = manager.Barrier(count)
        engines = [pool.submit(_engine, load, seconds, start) for _ in range(count)]
        for error in [answers.exception() for answers in engines]:
            if isinstance(error, BrokenProcessPool):
                raise CannotMeasure(f"one of {count} engines was ended, for want of memory it seems: try fewer")
            if error is not None and not isinstance(error, BrokenBarrierError):  # the others only waited for it
                raise CannotMeasure(f"one of {count} engines could not run: {error}") from error
        return [answers.result() for answers in engines]


def _engine(load: Callable[[int], Engine], seconds: float, start: Barrier) -> list[float]:
    """In a process of its own: milliseconds of each answer that came in time."""
    try:
        return asyncio.run(_answers(load, seconds, start))
    except Exception:
        start.abort()  # nobody waits for this one
        raise


async def _answers(load: Callable[[int], Engine], seconds: float, start: Barrier) -> list[float]:
    with load(DIALOGUES) as engine, ExitStack() as stack:
        dialogues = [stack.enter_context(engine.open()) for _ in range(DIALOGUES)]
        await asyncio.gather(*map(begin, dialogues))
        await asyncio.gather(*(_until(0.0, dialogue) for dialogue in dialogues))
        stack.enter_context(loaded_for_good())
        start.wait(_READY)
        end = perf_counter() + seconds
        return [ms for taken in await asyncio.gather(*(_until(end, d) for d in dialogues)) for ms in taken]


async def _until(end: float, dialogue: Dialogue) -> list[float]:
    """Utterances one after the other; the one that is not answered in time does not count."""
    whole = utterance(0)
    taken: list[float] = []
    while True:
        ms = await awaited(partial(dialogue.observe, unseen(whole)))
        if perf_counter() >= end:
            return taken
        taken.append(ms)
