"""`undertone bench reference`: the published stack and ours, on utterances of the same size, in the same run."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from bench.device import device_named
from bench.figure import Curve, Figure, Point
from bench.past import extend, said
from bench.record import Record
from bench.reference.ours import IN_ALL, parts
from bench.reference.stack import TEXT_TOKENS, Stack
from bench.reference.theirs import Theirs, tokens_at
from bench.timing import awaited, timed
from bench.utterances import FACES, PAST, SECONDS, WORDS
from engine import Engine
from engine.utterance import FACE_SIZE

TURNS: Final = (10, 100, 500, 1_000, 10_000)
_EACH: Final = 8  # ours is much faster: so many of its calls to one of theirs
_SEED: Final = 0


async def measure(
    bundle: str,
    *,
    text_size: str = "large",
    device: str = "cpu",
    threads: int = 2,
    repetitions: int = 5,
    turns: Sequence[int] = TURNS,
) -> Record:
    """Both with so many CPU threads. Raises BundleError, CannotMeasure."""
    place = device_named(device)
    theirs = Theirs(Stack.published(text_size), place, _SEED, threads)
    with Engine.load(bundle, device=device, slots=len(turns) + 1, threads=threads) as engine:
        figures = await by_part(theirs, engine, repetitions)
        curves = await by_turn(theirs, engine, turns, repetitions)
        figures |= _sizes(theirs.stack, engine)
        name = engine.bundle.name
    return Record.of(
        "undertone bench reference",
        {"bundle": name, "text_size": text_size, "device": device, "threads": threads, "turns": list(turns)},
        figures,
        curves,
        notes=_notes(text_size, theirs.stack),
        seed=_SEED,
        repetitions=repetitions,
    )


async def by_part(theirs: Theirs, engine: Engine, repetitions: int) -> dict[str, Figure]:
    """One utterance after PAST turns: each part of both, all together, and how many times faster ours is."""
    paper: defaultdict[str, list[list[float]]] = defaultdict(list)
    undertone: defaultdict[str, list[list[float]]] = defaultdict(list)
    with engine.open() as dialogue:
        ours = await parts(engine, dialogue)
        published = theirs.parts(PAST + 1, tokens_at(PAST + 1))
        for warm in published.values():
            warm()
        for _ in range(repetitions):
            once = {name: timed(call) for name, call in published.items()}
            for name, taken in (once | {IN_ALL: sum(once.values())}).items():
                paper[name].append([taken])
            for name, read in ours.items():
                await read()
                undertone[name].append([await awaited(read) for _ in range(_EACH)])
    figures: dict[str, Figure] = {}
    for name, values in paper.items():
        figures[f"{name}: paper"] = Figure.over(values)
        figures[f"{name}: ours"] = Figure.over(undertone[name])
    for name in paper:
        factor = figures[f"{name}: paper"].p50 / figures[f"{name}: ours"].p50
        figures[f"{name}: factor"] = Figure.of([factor], "times")
    return figures


async def by_turn(theirs: Theirs, engine: Engine, turns: Sequence[int], repetitions: int) -> list[Curve]:
    """The two parts that depend on a dialogue's length, from each turn on: the fusion, and the text with its prompt."""
    points: dict[str, list[Point]] = {f"{part}, {who}": [] for part in ("fusion", "text") for who in ("paper", "ours")}

    def add(name: str, turn: int, values: Sequence[float]) -> None:
        points[name].append(Point(at=turn, figure=Figure.of(values)))

    for turn in turns:
        with engine.open() as dialogue:
            ours = await parts(engine, dialogue)
            await extend(engine, dialogue, await said(dialogue), turn - PAST - 1)
            add("fusion, ours", turn, [await awaited(ours["fusion"]) for _ in range(_EACH * repetitions)])
            await ours["text"]()
            add("text, ours", turn, [await awaited(ours["text"]) for _ in range(_EACH * repetitions)])
        if turn <= theirs.stack.fusion.config.positions:
            add("fusion, paper", turn, _times(theirs.fusion(turn), repetitions))
        add("text, paper", turn, _times(theirs.text(tokens_at(turn)), repetitions))
    return [Curve(name=name, over="turn", points=found) for name, found in points.items() if found]


def _times(call: Callable[[], object], repetitions: int) -> list[float]:
    call()
    return [timed(call) for _ in range(repetitions)]


def _sizes(stack: Stack, engine: Engine) -> dict[str, Figure]:
    bundle = engine.bundle
    ours = {"text": bundle.text, "audio": bundle.audio, "video": bundle.video, "fusion": bundle.fusion}
    sizes: dict[str, Figure] = {}
    for name, count in stack.parameters_by_part.items():
        own = sum(weight.numel() for weight in ours[name].parameters())
        sizes[f"{name} weights: paper"] = Figure.of([count / 1e6], "million")
        sizes[f"{name} weights: ours"] = Figure.of([own / 1e6], "million")
    return sizes


def _notes(text_size: str, stack: Stack) -> list[str]:
    side, positions = stack.side, stack.fusion.config.positions
    return [
        f"Paper: RoBERTa-{text_size}, data2vec-audio-base, TimeSformer-base and MAGTKD's fusion.",
        "Made from public configurations with random weights: what they cost depends on their sizes alone.",
        f"One utterance: {SECONDS:g} s of voice; {WORDS} words, after {PAST} turns of as many.",
        f"Its picture: {stack.frames} of {side}x{side} (paper), {FACES} faces of {FACE_SIZE}x{FACE_SIZE} (ours).",
        "Paper: the networks alone, one after the other; the fusion reads all turns again for each new one.",
        "Ours: through the engine's queue, with log-mel and how much each modality weighed (eight rows of the fusion).",
        f"The paper's fusion ends at {positions} turns, its prompt at {TEXT_TOKENS} tokens; ours go on.",
    ]
