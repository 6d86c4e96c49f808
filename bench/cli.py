"""`undertone bench`. Each verb imports what it needs when it runs, so that help is instant."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

if TYPE_CHECKING:
    from bench.record import Record

bench = typer.Typer(
    help="Measure on this machine: beside the paper's own stack, the engine alone, latency, load, replay, the page.",
    no_args_is_help=True,
    add_completion=False,
)

Output = Annotated[Path | None, typer.Option("-o", "--output", help="Write all figures here, as JSON.")]
Plot = Annotated[Path | None, typer.Option("--plot", help="Draw them here: a name that ends with .png or .svg.")]
Bundle = Annotated[str, typer.Option("--bundle", help="A bundle: its name, a folder, or a hub id.")]
Recogniser = Annotated[
    str, typer.Option("--recogniser", help="auto, sphinx, none, or a Whisper model's name or folder.")
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
Threads = Annotated[int, typer.Option("--threads", help="CPU threads, the same for everything compared.", min=1)]
Transport = Annotated[Literal["webrtc", "websocket"], typer.Option("--transport", help="How clients send.")]
Repetitions = Annotated[int, typer.Option("--repetitions", help="How often all is done.", min=1)]


@bench.command()
def reference(
    output: Output = None,
    plot: Plot = None,
    bundle: Bundle = "undertone-base",
    text_size: Annotated[
        str, typer.Option("--text-size", help="RoBERTa large, as in the paper, or base: of the published stack.")
    ] = "large",
    device: Device = "cpu",
    threads: Threads = 2,
    repetitions: Repetitions = 5,
    turns: Annotated[
        str, typer.Option("--turns", help="The lengths of a dialogue at which the fusion is measured.")
    ] = "10,100,500,1000,10000",
) -> None:
    """The stack of the paper (MAGTKD, random weights) beside ours: one utterance by part, and long dialogues."""
    with _plainly():
        measure = _reference()
        chosen = {"text_size": text_size, "device": device}
        lengths = _numbers(turns)
        _tell(
            lambda: asyncio.run(measure(bundle, **chosen, threads=threads, repetitions=repetitions, turns=lengths)),
            output,
            plot,
        )


@bench.command()
def engine(
    output: Output = None,
    plot: Plot = None,
    bundle: Bundle = "undertone-base",
    device: Device = "cpu",
    threads: Threads = 2,
    full: Annotated[
        bool, typer.Option("--full", help="To 1,024 dialogues at once and 10,000 open: takes 6 GiB and many minutes.")
    ] = False,
    processes: Annotated[
        str | None,
        typer.Option("--processes", help="Measure so many engines side by side as well, as 1,4,8: a process for each."),
    ] = None,
) -> None:
    """The engine alone: utterances a second, many dialogues at once, many open or live, long ones, their memory."""
    from bench.engine import FULL, FULL_GPU, MODEST, measure

    with _plainly():
        plan = (FULL_GPU if device == "cuda" else FULL) if full else MODEST
        plan = replace(plan, processes=_numbers(processes) if processes else ())
        _tell(lambda: asyncio.run(measure(bundle, device=device, threads=threads, plan=plan)), output, plot)


@bench.command()
def latency(
    output: Output = None,
    plot: Plot = None,
    bundle: Bundle = "undertone-base",
    recogniser: Recogniser = "auto",
    transport: Transport = "webrtc",
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="How much of the sample is sent; all if left out.", min=1)
    ] = None,
    repetitions: Repetitions = 1,
) -> None:
    """From the end of speech to the final event, by stage: the sample, streamed in real time to a real server."""
    from bench.latency import measure

    with _plainly():
        chosen = partial(measure, bundle, recogniser, transport=transport, seconds=seconds, repetitions=repetitions)
        _tell(lambda: asyncio.run(chosen()), output, plot)


@bench.command()
def load(
    output: Output = None,
    plot: Plot = None,
    bundle: Bundle = "undertone-base",
    recogniser: Recogniser = "auto",
    transport: Transport = "webrtc",
    participants: Annotated[
        str, typer.Option("-n", "--participants", help="How many at once: one size after the other.")
    ] = "1,2,4",
    seconds: Annotated[float, typer.Option("--seconds", help="How long each size lasts, at most 600.")] = 60.0,
    per_conversation: Annotated[
        int, typer.Option("--per-conversation", help="1: each alone; 2: in pairs; and so on.")
    ] = 1,
    search: Annotated[
        bool, typer.Option("--search", help="Find the largest size within the limit, from the first of -n on.")
    ] = False,
    limit: Annotated[
        float, typer.Option("--limit", help="With --search: seconds that the p95 of finals may take.", min=0.1)
    ] = 1.0,
) -> None:
    """Participants with voice and video in real time, from another process: until a server's answers come late."""
    from bench.load import measure

    with _plainly():
        chosen = partial(
            measure,
            bundle,
            recogniser,
            participants=_numbers(participants),
            seconds=seconds,
            per_conversation=per_conversation,
            transport=transport,
            limit=limit if search else None,
        )
        _tell(lambda: asyncio.run(chosen()), output, plot)


@bench.command()
def replay(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Any recording, or the word 'sample'.")] = "sample",
    output: Output = None,
    plot: Plot = None,
    bundle: Bundle = "undertone-base",
    recogniser: Recogniser = "auto",
    sound_alone: Annotated[bool, typer.Option("--sound-alone", help="Leave the pictures out.")] = False,
    repetitions: Repetitions = 3,
) -> None:
    """How much faster than real time a recording is read."""
    from bench.replay import measure

    with _plainly():
        chosen = partial(measure, file, bundle, recogniser, sound_alone=sound_alone, repetitions=repetitions)
        _tell(lambda: asyncio.run(chosen()), output, plot)


@bench.command()
def page(
    output: Output = None,
    plot: Plot = None,
    bundle: Bundle = "undertone-base",
    minutes: Annotated[int, typer.Option("--minutes", help="How long the conversation gets.", min=4)] = 60,
    seconds: Annotated[
        float, typer.Option("--seconds", help="How long each view is traced, at four marks of the way.", min=1)
    ] = 8.0,
) -> None:
    """The page in Chromium through an hour of a conversation: its frames, its main thread's work, its memory."""
    from bench.page import measure

    with _plainly():
        _tell(lambda: asyncio.run(measure(bundle, minutes=minutes, seconds=seconds)), output, plot)


@contextmanager
def _plainly() -> Iterator[None]:
    """What is missing or does not fit is said in a sentence, not in a traceback."""
    from bench.errors import CannotMeasure
    from engine.errors import BundleError
    from streamer.recognise import RecogniserError
    from streamer.sample import SampleError

    try:
        yield
    except (CannotMeasure, BundleError, RecogniserError, SampleError, OSError) as error:
        typer.echo(f"undertone: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)
        raise typer.Exit(130) from None


def _reference() -> "Callable[..., Coroutine[Any, Any, Record]]":
    """Raises CannotMeasure without what the paper's stack is built of."""
    from bench.errors import CannotMeasure

    try:
        from bench.reference.measure import measure
    except ModuleNotFoundError as error:
        raise CannotMeasure(f"the paper's stack needs {error.name}: pip install 'undertone[bench]'") from error
    return measure


def _tell(measure: Callable[[], "Record"], output: Path | None, plot: Path | None) -> None:
    """Measure; files first: who reads the tables may leave, as `head` does."""
    from bench.plot import check_kind, draw
    from bench.table import show

    if plot is not None:
        check_kind(plot)
    record = measure()
    if output is not None:
        record.write(output)
    if plot is not None:
        draw(record, plot)
    show(record, Console())


def _numbers(text: str) -> list[int]:
    from bench.errors import CannotMeasure

    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise CannotMeasure(f"{text!r} is no list of counts: give whole numbers above 0 with commas, as 1,8,64")
    return [int(part) for part in parts]
