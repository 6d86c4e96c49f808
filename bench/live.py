"""Many live dialogues: each speaks now and then, whatever the engine does; what counts is how long each one waits."""

import asyncio
import gc
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from time import perf_counter
from typing import Final

from bench.figure import Figure
from bench.past import begin
from bench.utterances import unseen, utterance
from engine import Dialogue, Engine
from engine.garbage import loaded_for_good

APART: Final = 6.0  # seconds between two utterances of a dialogue, on average
_SEED: Final = 0
_WARM_UP: Final = 64  # utterances, at once


async def by_live(load: Callable[[int], Engine], counts: Sequence[int], seconds: float) -> dict[str, Figure]:
    """Latency of everything, and utterances answered a second, with so many dialogues live for so long."""
    figures: dict[str, Figure] = {}
    for count in counts:
        with load(count) as engine, ExitStack() as stack:
            dialogues = [stack.enter_context(engine.open()) for _ in range(count)]
            await asyncio.gather(*map(begin, dialogues))
            await asyncio.gather(*(dialogue.observe(utterance(_SEED)) for dialogue in dialogues[:_WARM_UP]))
            with loaded_for_good():
                began = perf_counter()
                taken = await _listen(dialogues, seconds)
            rate = len(taken) / (perf_counter() - began)
        gc.collect()
        figures[f"{count:,} live: latency"] = Figure.of(taken)
        figures[f"{count:,} live: answered"] = Figure.of([rate], "utterances/s")
    return figures


async def _listen(dialogues: Sequence[Dialogue], seconds: float) -> list[float]:
    """Milliseconds from when each utterance was due until its reading was there: a Poisson process of arrivals."""
    chance, whole = random.Random(_SEED), utterance(_SEED)  # noqa: S311 - no secret
    taken: list[float] = []

    async def speak(due: float) -> None:
        await chance.choice(dialogues).observe(unseen(whole))
        taken.append(1e3 * (perf_counter() - due))

    due = began = perf_counter()
    async with asyncio.TaskGroup() as speaking:
        while due < began + seconds:
            due += chance.expovariate(len(dialogues) / APART)
            await asyncio.sleep(due - perf_counter())
            speaking.create_task(speak(due))
    return taken
