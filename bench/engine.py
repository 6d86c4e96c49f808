"""`undertone bench engine`: the engine alone, with no media and no network around it, under more and more work."""

import asyncio
import gc
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import ceil
from time import perf_counter
from typing import Final

import psutil
import torch

from bench.device import device_named
from bench.errors import CannotMeasure
from bench.figure import Curve, Figure, Point
from bench.floor import floors
from bench.live import APART, by_live
from bench.past import begin, extend, said, step
from bench.processes import DIALOGUES, by_processes
from bench.record import Record, Setting
from bench.timing import awaited
from bench.utterances import FACES, PAST, SECONDS, WORDS, reworded, unseen, utterance
from engine import Dialogue, Engine, Utterance
from engine.bundle import Bundle
from engine.precision import chosen

_SEED: Final = 0
_MOST: Final = 128
_MIB: Final = 2**20

Read = Callable[[Dialogue], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where along each axis is measured.

    concurrent: dialogues at once, each of which sends its next utterance when its last is answered; open: dialogues
    that have a memory; turns: lengths of a dialogue; live: dialogues that speak every APART seconds, for `seconds`;
    processes: engines side by side, for as long. calls: utterances of all dialogues at once, at least, but at most
    _MOST of each; steps: of the fusion, at each of the other places.
    """

    concurrent: Sequence[int]
    open: Sequence[int]
    turns: Sequence[int]
    live: Sequence[int]
    seconds: float
    calls: int
    steps: int
    processes: Sequence[int] = ()


MODEST: Final = Plan((1, 8, 64), (1, 10, 100, 1_000), (10, 10_000), (10, 60), seconds=20, calls=32, steps=32)
FULL: Final = Plan(
    concurrent=(1, 8, 64, 256, 1_024),
    open=(1, 10, 100, 1_000, 10_000),
    turns=(10, 100, 1_000, 10_000),
    live=(10, 60, 100),
    seconds=60,
    calls=128,
    steps=128,
)
FULL_GPU: Final = replace(FULL, live=(100, 1_000, 5_000, 10_000), seconds=10, calls=4_096, steps=512)


async def measure(bundle: str, *, device: str = "cpu", threads: int = 2, plan: Plan = MODEST) -> Record:
    """All of a plan. Raises BundleError, CannotMeasure."""
    place = device_named(device)
    loaded = Bundle.load(bundle)
    each = _memory_of_one(loaded, place)
    _check_room(each, max(*plan.open, *plan.live), place)
    load = partial(Engine.load, bundle, device=device, threads=threads)
    with load(slots=max(plan.concurrent)) as engine:
        curves = await by_load(engine, plan) + await by_turn(engine, plan)
        name = engine.bundle.name
    figures = {"memory of a dialogue": Figure.of([each / _MIB], "MiB")}
    if place.type == "cpu":
        figures |= floors(loaded)
    curves += await by_open(partial(_with_slots, load), plan, place)
    figures |= await by_live(partial(_with_slots, load), plan.live, plan.seconds)
    curves += by_processes(partial(_with_slots, load), plan.processes, plan.seconds) if plan.processes else []
    return Record.of(
        "undertone bench engine",
        {"bundle": name, "device": device, "threads": threads, **_settings(plan)},
        figures,
        curves,
        notes=[
            f"One utterance: {SECONDS:g} s of voice; {WORDS} words, after {PAST} turns of as many; {FACES} faces.",
            "All: students and fusion, with how much each modality weighed; fusion: that step alone; else one student.",
            "Words and pictures are new each time, but for faces shown before: live, they were read as they came.",
            "Dialogues at once send their next utterance when the last is answered: latency includes the queue.",
            f"Live dialogues each speak every {APART:g} s on average, at random, and wait for nothing: all, as above.",
            f"Engines side by side share the device, each with {DIALOGUES} such dialogues at once, in its own process.",
            "Floor: what a part's products, or reading its weights, take one thread at the rates measured here.",
            "The memory of a dialogue is the size of its slot; that of all is this process's, or its share of a GPU's.",
        ],
        seed=_SEED,
    )


async def by_load(engine: Engine, plan: Plan) -> list[Curve]:
    """Latency and throughput of everything and of each student, over dialogues at once."""
    whole = utterance(_SEED)
    reads: dict[str, Read] = {
        "all": partial(_observe, whole),
        "all, faces shown before": partial(_observe_again, whole),
        "text": partial(_encode, Utterance(whole.speaker, text=whole.text)),
        "audio": partial(_encode, Utterance(whole.speaker, audio=whole.audio)),
        "video": partial(_encode, Utterance(whole.speaker, faces=whole.faces)),
    }
    points: defaultdict[tuple[str, str], list[Point]] = defaultdict(list)
    with ExitStack() as stack:
        dialogues = [stack.enter_context(engine.open()) for _ in range(max(plan.concurrent))]
        await asyncio.gather(*map(begin, dialogues))
        for name, read in reads.items():
            for count in plan.concurrent:
                taken, seconds = await _at_once(dialogues[:count], read, min(_MOST, ceil(plan.calls / count)))
                points[name, "ms"].append(Point(at=count, figure=Figure.of(taken)))
                rate = Figure.of([len(taken) / seconds], "utterances/s")
                points[name, rate.unit].append(Point(at=count, figure=rate))
    return [Curve(name=name, over="dialogues at once", points=found) for (name, _), found in points.items()]


async def by_turn(engine: Engine, plan: Plan) -> list[Curve]:
    """One step of the fusion, from each turn of a dialogue on."""
    points: list[Point] = []
    for turn in plan.turns:
        with engine.open() as dialogue:
            outputs = await said(dialogue)
            await extend(engine, dialogue, outputs, turn - 1)
            taken = [await awaited(partial(step, engine, dialogue, outputs)) for _ in range(plan.steps)]
        points.append(Point(at=turn, figure=Figure.of(taken)))
    return [Curve(name="fusion", over="turn", points=points)]


async def by_open(load: Callable[[int], Engine], plan: Plan, place: torch.device) -> list[Curve]:
    """One step of the fusion for one of many open dialogues, and what the process takes with so many slots."""
    taken: list[Point] = []
    memory: list[Point] = []
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    for count in plan.open:
        with load(count) as engine, ExitStack() as stack:
            dialogues = [stack.enter_context(engine.open()) for _ in range(count)]
            outputs = await said(dialogues[0])
            await asyncio.gather(*(extend(engine, dialogue, outputs, 1) for dialogue in dialogues))
            picked = chance.choices(dialogues, k=plan.steps)
            values = [await awaited(partial(step, engine, dialogue, outputs)) for dialogue in picked]
            taken.append(Point(at=count, figure=Figure.of(values)))
            memory.append(Point(at=count, figure=Figure.of([_used(place) / _MIB], "MiB")))
        gc.collect()
    return [
        Curve(name="fusion", over="open dialogues", points=taken),
        Curve(name="memory of all", over="open dialogues", points=memory),
    ]


async def _at_once(dialogues: Sequence[Dialogue], read: Read, times: int) -> tuple[list[float], float]:
    """Milliseconds of each answer, and the seconds that all took; each dialogue reads `times`, one after the other."""
    await read(dialogues[0])
    taken: list[float] = []

    async def one(dialogue: Dialogue) -> None:
        for _ in range(times):
            taken.append(await awaited(partial(read, dialogue)))  # noqa: PERF401 - one after the other

    began = perf_counter()
    await asyncio.gather(*map(one, dialogues))
    return taken, perf_counter() - began


def _observe(spoken: Utterance, dialogue: Dialogue) -> Awaitable[object]:
    return dialogue.observe(unseen(spoken))


def _observe_again(spoken: Utterance, dialogue: Dialogue) -> Awaitable[object]:
    return dialogue.observe(reworded(spoken))


def _encode(spoken: Utterance, dialogue: Dialogue) -> Awaitable[object]:
    return dialogue.encode(unseen(spoken) if spoken.present["video"] else reworded(spoken))


def _with_slots(load: Callable[..., Engine], slots: int) -> Engine:
    return load(slots=slots)


def _memory_of_one(bundle: Bundle, place: torch.device) -> int:
    """Bytes of one dialogue's slot."""
    ring = bundle.fusion.memory(1, chosen("auto", place) if place.type == "cuda" else torch.float32)
    return ring.kv.nbytes + ring.usable.nbytes + ring.count.nbytes


def _check_room(each: int, count: int, place: torch.device) -> None:
    free = torch.cuda.mem_get_info()[0] if place.type == "cuda" else psutil.virtual_memory().available
    if each * count > 0.8 * free:
        raise CannotMeasure(
            f"{count:,} open dialogues take {each * count / 2**30:.1f} GiB and {free / 2**30:.1f} GiB are free: "
            "free some memory, or leave out --full"
        )


def _used(place: torch.device) -> int:
    """Bytes: on CUDA those allocated there, else those of this process."""
    return torch.cuda.memory_allocated() if place.type == "cuda" else int(psutil.Process().memory_info().rss)


def _settings(plan: Plan) -> dict[str, Setting]:
    return {name: list(value) if isinstance(value, Sequence) else value for name, value in asdict(plan).items()}
