"""The command line. Each verb imports what it needs when it runs, so that help is instant."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from streamer.store.commands import NoStoreOption, StoreOption, place_of
from streamer.store.commands import app as conversations

if TYPE_CHECKING:
    from streamer.hub import Hub
    from streamer.recorded.request import Request, Summary
    from streamer.settings import Settings

app = typer.Typer(
    help="Undertone listens to a conversation and says, while it happens, what each speaker expresses.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(conversations, name="conversations")


class _Terminal(Console):
    """A console whose reader may leave, as `head` does: the work goes on in silence, and what -o writes is whole."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_console = _Terminal()
_errors = Console(stderr=True)

BundleOption = Annotated[str, typer.Option("--bundle", help="A bundle: its name, a folder, or a hub id.")]
RecogniserOption = Annotated[
    str, typer.Option("--recogniser", help="auto, sphinx, none, or a Whisper model's name or folder.")
]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free port.")]

Channels = Literal["auto", "mixed", "split"]

_FORWARD = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command()
def serve(
    port: PortOption = 8000,
    bundle: BundleOption = "undertone-base",
    recogniser: RecogniserOption = "auto",
    device: Annotated[str, typer.Option("--device", help="Where models run: cpu, cuda, or auto.")] = "auto",
    store: StoreOption = None,
    no_store: NoStoreOption = False,
) -> None:
    """Dashboard and ingest on http://localhost:8000, for this machine alone."""
    from streamer.settings import Settings

    _run(_serve(port, bundle, recogniser, device, Settings(store=None if no_store else place_of(store))))


@app.command()
def replay(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="FILES", help="Recordings, folders of them, or the word 'sample'. Each file is one."),
    ],
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o",
            "--output",
            help="Write all events (.jsonl), or an export, by the suffix. Repeatable; {name} is the recording's.",
        ),
    ] = None,
    together: Annotated[
        bool, typer.Option("--together", help="The files are one conversation, each of one participant.")
    ] = False,
    offset: Annotated[
        list[str] | None,
        typer.Option("--offset", metavar="NAME=SECONDS", help="When one of several files begins. Repeatable."),
    ] = None,
    transcript: Annotated[
        str | None,
        typer.Option(
            "--transcript",
            metavar="FILE",
            help="Read the words from it (WebVTT, SRT). Left out, it is looked for; 'none' recognises them.",
        ),
    ] = None,
    channels: Annotated[
        Channels, typer.Option("--channels", help="Whether each channel is a speaker; auto listens to two.")
    ] = "auto",
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="How many recordings to replay at once.")] = 1,
    serve: Annotated[bool, typer.Option("--serve", help="Play it in real time into the dashboard.")] = False,
    speed: Annotated[
        float | None, typer.Option("--speed", min=0.1, max=20, help="… at this many times real time; --serve is 1.")
    ] = None,
    port: PortOption = 8000,
    bundle: BundleOption = "undertone-base",
    recogniser: RecogniserOption = "auto",
    speakers: Annotated[
        int | None,
        typer.Option(
            "--speakers", min=1, max=8, help="How many speak in a mixed track; else found out. 1: not told apart."
        ),
    ] = None,
    store: StoreOption = None,
    no_store: NoStoreOption = False,
) -> None:
    """The same pipeline over recordings: a table of who expressed what, faster than real time."""
    from streamer.recorded.inputs import recordings
    from streamer.recorded.mistakes import MISTAKES
    from streamer.recorded.outputs import outputs_of
    from streamer.recorded.request import Request

    try:
        found = recordings(
            list(map(Path, paths)),
            together=together,
            offsets=offset or [],
            transcript=transcript,
            channels=channels,
            speakers=speakers,
        )
        outputs = outputs_of(found, output or [])
    except MISTAKES as error:
        _fail(str(error))
    place = None if no_store else place_of(store)
    requests = [Request(one, files, bundle, recogniser, place) for one, files in zip(found, outputs, strict=True)]
    if serve or speed is not None:
        if len(requests) > 1:
            _fail("one recording at a time can be played into the dashboard; give one, or --together")
        _run(_rehearse(requests[0], port, speed or 1.0))
    elif len(requests) == 1:
        _run(_replay(requests[0]))
    else:
        _replay_all(requests, jobs)


@app.command()
def export(
    conversation: Annotated[
        str,
        typer.Argument(metavar="ID", help="One that is kept, or a file that 'undertone replay -o' has written."),
    ],
    format: Annotated[
        list[str] | None,
        typer.Option("--format", help="jsonl, csv, vtt, srt, rttm, textgrid, eaf, emotionml or html. Repeatable."),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", help="Where to write; its suffix says the format. Repeatable."),
    ] = None,
    store: StoreOption = None,
) -> None:
    """A conversation for other tools: captions, tables, annotations, a report. Without -o to standard output."""
    from streamer.exports import ExportError, targets
    from streamer.record import RecordError
    from streamer.store.errors import StoreError
    from streamer.store.find import find_record

    try:
        wanted = targets(format or [], output or [])
        record = find_record(conversation, place_of(store))
        for target in wanted:
            target.write(record)
    except BrokenPipeError:
        raise  # The reader has left, as `head` does: the command line's library ends it quietly.
    except (ExportError, RecordError, StoreError, OSError) as error:
        _fail(str(error))
    if record.truncated:
        _errors.print("[yellow]the last line is not whole: the run that wrote it was ended; all before it is there[/]")


@app.command()
def annotate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The recording, with pictures.")],
    events: Annotated[
        Path, typer.Argument(metavar="EVENTS.jsonl", help="What 'undertone replay FILE -o' has written.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to write it, as MP4.")],
) -> None:
    """Draw what was read into the recording: boxes on faces, and captions with speaker and emotion."""
    from streamer.exports import ExportError, make_room
    from streamer.exports.film import annotate as draw
    from streamer.record import EventFile, RecordError
    from streamer.sources.file import MediaError

    try:
        make_room([output])
        with _console.status("drawing"):
            draw(file, EventFile(events), output)
    except (ExportError, RecordError, MediaError, OSError) as error:
        _fail(str(error))
    _console.print(f"wrote {output}", soft_wrap=True)


@app.command()
def sample(
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to write it, as MP4.")],
) -> None:
    """Write the sample conversation as a recording with one speaker's (composed) picture."""
    from streamer.sample import SampleError, write_sample_video

    try:
        write_sample_video(output)
    except SampleError as error:
        _fail(str(error))
    _console.print(f"wrote {output}")


@app.command()
def doctor(bundle: BundleOption = "undertone-base", port: PortOption = 8000) -> None:
    """What works on this machine, what is missing, and how to get it."""
    from streamer.doctor import check, print_table

    checks = check(bundle=bundle, port=port)
    print_table(checks, _console)
    raise typer.Exit(any(one.ok is False for one in checks))


@app.command(context_settings=_FORWARD, add_help_option=False)
def bench(context: typer.Context) -> None:
    """Measure: beside the paper's own stack, the engine alone, latency, load, replay."""
    from bench.cli import bench as verbs

    verbs(context.args, prog_name="undertone bench")


@app.command(context_settings=_FORWARD, add_help_option=False)
def train(context: typer.Context) -> None:
    """Make a bundle: students, fusion, calibration, export."""
    from training.cli import train as verbs

    verbs(context.args, prog_name="undertone train")


@app.command("eval", context_settings=_FORWARD, add_help_option=False)
def evaluate(context: typer.Context) -> None:
    """Judge a bundle on a corpus."""
    from training.evalcli import evaluate as verb

    verb(context.args, prog_name="undertone eval")


async def _serve(port: int, bundle: str, recogniser: str, device: str, settings: "Settings") -> None:
    from streamer.runtime import running_hub

    with _console.status("starting"):
        stack = contextlib.AsyncExitStack()
        hub = await stack.enter_async_context(running_hub(bundle, recogniser, settings, device))
    async with stack, _serving(hub, port) as (url, stopped):
        _console.print(f"Undertone is on [bold]{url}[/]  (Ctrl-C stops it)", soft_wrap=True)
        await stopped


async def _rehearse(request: "Request", port: int, speed: float) -> None:
    from streamer.recorded.files import ReplayFiles
    from streamer.recorded.inputs import open_recording
    from streamer.recorded.run import follow, recogniser_for, settings_for
    from streamer.recorded.view import ReplayView
    from streamer.runtime import running_hub

    files = ReplayFiles(request.outputs, media=request.recording.media)
    with _console.status("looking into the recording"):
        opened = open_recording(request.recording)
    files.spare(opened.files)
    settings = settings_for(opened, live=True, store=request.store)
    with _console.status("starting"):
        stack = contextlib.AsyncExitStack()
        words = recogniser_for(opened, request.recogniser)
        hub = await stack.enter_async_context(running_hub(request.bundle, words, settings))
    async with stack, _serving(hub, port) as (url, stopped):
        _console.print(f"Playing into [bold]{url}/?conversation=replay&watch=1[/]  (Ctrl-C stops it)", soft_wrap=True)

        async def play() -> None:
            with ReplayView(_console) as view:
                summary = await follow(opened, request.recording.name, hub, files, view, speed=speed)
            _conclude(request, summary)

        playing = asyncio.create_task(play())
        await stopped
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing


@contextlib.asynccontextmanager
async def _serving(hub: "Hub", port: int) -> "AsyncIterator[tuple[str, asyncio.Future[None]]]":
    from streamer.server import create_app, running

    async with running(create_app(hub), port) as server:
        stopped = asyncio.ensure_future(server.stopped())
        await asyncio.sleep(0)  # Who reads the address may stop the server at once: it listens for that from here on.
        yield server.url, stopped


async def _replay(request: "Request") -> None:
    from streamer.recorded.run import replay_recording
    from streamer.recorded.view import ReplayView

    with ReplayView(_console) as view:
        summary = await replay_recording(request, view)
    _conclude(request, summary)


def _replay_all(requests: "Sequence[Request]", jobs: int) -> None:
    from streamer.recorded.jobs import replay_all

    try:
        failed = replay_all(requests, jobs, _console)
    except KeyboardInterrupt:
        _console.print("stopped")
        return
    if failed:
        _fail(f"{failed} of {len(requests)} recordings could not be replayed")


def _conclude(request: "Request", summary: "Summary") -> None:
    from streamer.recorded.view import conclusion

    for note in summary.notes:
        _console.print(f"[yellow]{note}[/]", soft_wrap=True)
    _console.print(Text(conclusion(summary, request.outputs)), soft_wrap=True)


def _run(work: Coroutine[Any, Any, None]) -> None:
    from streamer.recorded.mistakes import MISTAKES

    try:
        asyncio.run(work)
    except MISTAKES as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _console.print("stopped")


def _fail(message: str) -> NoReturn:
    _errors.print(f"[red]undertone:[/] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def main() -> None:
    """The console script."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    app()


if __name__ == "__main__":
    main()
