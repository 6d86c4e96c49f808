"""The command line. Each verb imports what it needs when it runs, so that help is instant."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from streamer.store.commands import NoStoreOption, StoreOption, place_of
from streamer.store.commands import app as conversations

if TYPE_CHECKING:
    from streamer.hub import Hub
    from streamer.replay_files import ReplayFiles
    from streamer.settings import Settings
    from streamer.sources.file import FileSource
    from streamer.sources.speakers import SpeakersSource

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

_FORWARD = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command()
def serve(
    port: PortOption = 8000,
    bundle: BundleOption = "undertone-base",
    recogniser: RecogniserOption = "auto",
    store: StoreOption = None,
    no_store: NoStoreOption = False,
) -> None:
    """Dashboard and ingest on http://localhost:8000, for this machine alone."""
    from streamer.settings import Settings

    _run(_serve(port, bundle, recogniser, Settings(store=None if no_store else place_of(store))))


@app.command()
def replay(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Any recording, or the word 'sample'.")],
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", help="Write all events (.jsonl), or an export, by the suffix. Repeatable."),
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Play it in real time into the dashboard.")] = False,
    port: PortOption = 8000,
    bundle: BundleOption = "undertone-base",
    recogniser: RecogniserOption = "auto",
    speakers: Annotated[
        int | None,
        typer.Option(
            "--speakers", min=1, max=7, help="How many speak in a mixed track; else found out. 1: not told apart."
        ),
    ] = None,
    store: StoreOption = None,
    no_store: NoStoreOption = False,
) -> None:
    """The same pipeline over a file: a table of who expressed what, faster than real time."""
    from streamer.exports import ExportError
    from streamer.replay_files import ReplayFiles
    from streamer.settings import Settings

    try:
        files = ReplayFiles(output or [], media=None if file == "sample" else Path(file))
    except ExportError as error:
        _fail(str(error))
    source = _apart(_open_media(file), speakers)
    settings = Settings(live=serve, store=None if no_store else place_of(store))
    if serve:
        _run(_serve(port, bundle, recogniser, settings, source, files))
    else:
        _run(_replay(source, files, bundle, recogniser, settings))


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
    from streamer.exports import ExportError, check_writable
    from streamer.exports.film import annotate as draw
    from streamer.record import EventFile, RecordError
    from streamer.sources.file import MediaError

    try:
        check_writable([output])
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


async def _serve(
    port: int,
    bundle: str,
    recogniser: str,
    settings: "Settings",
    source: "FileSource | SpeakersSource | None" = None,
    files: "ReplayFiles | None" = None,
) -> None:
    from streamer.runtime import running_hub
    from streamer.server import create_app, running

    with _console.status("starting"):
        stack = contextlib.AsyncExitStack()
        hub = await stack.enter_async_context(running_hub(bundle, recogniser, settings))
    async with stack, running(create_app(hub), port) as server:
        stopped = asyncio.ensure_future(server.stopped())
        await asyncio.sleep(0)  # Who reads the address may stop the server at once: it listens for that from here on.
        if source is None or files is None:
            _console.print(f"Undertone is on [bold]{server.url}[/]  (Ctrl-C stops it)", soft_wrap=True)
            await stopped
            return
        name = "replay"
        _console.print(
            f"Playing into [bold]{server.url}/?conversation={name}&watch=1[/]  (Ctrl-C stops it)", soft_wrap=True
        )
        playing = asyncio.create_task(_play(source, hub, name, files, speed=1.0))
        await stopped
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing


async def _replay(
    source: "FileSource | SpeakersSource", files: "ReplayFiles", bundle: str, recogniser: str, settings: "Settings"
) -> None:
    from streamer.runtime import running_hub

    with _console.status("loading the models"):
        stack = contextlib.AsyncExitStack()
        hub = await stack.enter_async_context(running_hub(bundle, recogniser, settings))
    async with stack:
        if hub.recogniser.draft:
            _console.print(f"[dim]words by {hub.recogniser.name}: draft quality[/]")
        await _play(source, hub, "replay", files, speed=None)


async def _play(
    source: "FileSource | SpeakersSource", hub: "Hub", name: str, files: "ReplayFiles", *, speed: float | None
) -> None:
    from streamer.replay import replay
    from streamer.replay_view import ReplayView

    conversation = hub.conversation(name, source.name)
    files.read_by(bundle=hub.engine.bundle.name, recogniser=hub.recogniser.name)
    with files, ReplayView(_console, source.info.duration) as view:
        events = conversation.subscribe()

        async def show() -> None:
            async for event in events:
                view.show(event)
                files.take(event)

        showing = asyncio.create_task(show())
        await replay(source, conversation, speed=speed, progress=view.reached)
        events.close()
        await showing
    if source.truncated:
        _console.print("[yellow]the file ends before it says it does; what was there has been read[/]")
    if not source.info.has_audio:
        _console.print("[yellow]the file has no sound: only its faces were read, and there are no utterances[/]")
    written = ", ".join(map(str, files.paths))
    _console.print(f"{view.utterances} utterances" + (f", written to {written}" if written else ""), soft_wrap=True)


def _open_media(file: str) -> "FileSource":
    from streamer.sample import SAMPLE
    from streamer.sources.file import FileSource, MediaError

    try:
        return FileSource.open(SAMPLE if file == "sample" else Path(file))
    except MediaError as error:
        _fail(str(error))


def _apart(source: "FileSource", speakers: int | None) -> "FileSource | SpeakersSource":
    """The recording's speakers, told apart by their voices where one track holds several."""
    from engine import BundleError
    from streamer.sources.speakers import tell_apart

    try:
        with _console.status("listening for who speaks"):
            return tell_apart(source, speakers)
    except BundleError as error:
        _fail(str(error))


def _run(work: Coroutine[Any, Any, None]) -> None:
    from engine import BundleError
    from streamer.recognise import RecogniserError
    from streamer.store.errors import StoreError

    try:
        asyncio.run(work)
    except (BundleError, RecogniserError, StoreError, OSError) as error:
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
