"""`undertone conversations`: list, show, rename, delete and search what is kept."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from streamer.record import UtteranceRecord
    from streamer.store.entries import Entry
    from streamer.store.store import Store

app = typer.Typer(
    help="What is kept of past conversations: list, show, rename, delete, search.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_console = Console()
_errors = Console(stderr=True)

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="UNDERTONE_STORE",
        help="The library: a file, or a database's URL. Left out, a file in your data folder.",
        show_default=False,
    ),
]
NoStoreOption = Annotated[bool, typer.Option("--no-store", help="Keep nothing of what is said.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")]


def place_of(store: str | None) -> str:
    """The library that `--store` names, or the user's own."""
    from streamer.store.place import default_file

    return store or str(default_file())


@app.command("list")
def show_list(
    store: StoreOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most this many, the newest first.")] = 50,
) -> None:
    """The conversations that are kept."""
    with _opened(store) as library:
        entries = library.list(limit)
        _console.print(_table(entries) if entries else f"nothing is kept in {library.place}", soft_wrap=not entries)


@app.command()
def show(id: Id, store: StoreOption = None) -> None:
    """One conversation: who said and expressed what."""
    with _opened(store) as library:
        kept = library.kept(id)
    _console.print(_table([kept.entry]))
    table = Table(box=None, pad_edge=False)
    for heading in ("time", "speaker", "expresses", "", "said"):
        table.add_column(heading, overflow="fold")
    for one in kept.record.utterances:
        table.add_row(*_line(one))
    _console.print(table)


@app.command()
def rename(id: Id, title: Annotated[str, typer.Argument(metavar="TITLE")], store: StoreOption = None) -> None:
    """Give a conversation another title."""
    with _opened(store) as library:
        library.rename(id, title)
        _console.print(Text(f"{id} is now called '{library.entry(id).title}'"))


@app.command()
def delete(
    id: Id,
    store: StoreOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a conversation for good."""
    with _opened(store) as library:
        entry = library.entry(id)
        if not yes:
            count = f"{entry.utterances} utterance{'' if entry.utterances == 1 else 's'}"
            typer.confirm(f"Delete '{entry.title}' with its {count} for good?", abort=True)
        library.delete(id)
        _console.print(Text(f"'{entry.title}' is deleted"))


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="All of them, or how they begin.")],
    store: StoreOption = None,
) -> None:
    """Find conversations by what was said in them, or by their title."""
    from streamer.recorded.view import clock

    with _opened(store) as library:
        entries = library.search(" ".join(words))
    if not entries:
        _console.print("nothing is found")
        return
    _console.print(_table(entries))
    for entry in entries:
        for found in entry.found:
            _console.print(_plain(f"{entry.id}  {clock(found.start)}  {found.speaker}: {found.text}"), soft_wrap=True)


@contextmanager
def _opened(place: str | None) -> Iterator["Store"]:
    """The library for one command; what it says no with is printed, and the command ends with 1."""
    from streamer.store.errors import StoreError
    from streamer.store.store import Store

    try:
        with closing(Store.open(place_of(place))) as store:
            yield store
    except (StoreError, ValueError) as error:
        _errors.print("[red]undertone:[/]", Text(str(error)), soft_wrap=True)
        raise typer.Exit(1) from error


def _table(entries: "tuple[Entry, ...] | list[Entry]") -> Table:
    from streamer.recorded.view import clock

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "began", "length", "speakers", "utterances", "title"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "utterances" else "left")
    for entry in entries:
        began = datetime.fromtimestamp(entry.began).astimezone().strftime("%Y-%m-%d %H:%M")
        speakers = _plain(", ".join(entry.speakers))
        table.add_row(entry.id, began, clock(entry.duration), speakers, str(entry.utterances), _plain(entry.title))
    return table


def _line(one: "UtteranceRecord") -> tuple[str | Text, ...]:
    from streamer.recorded.view import STYLES, clock

    label = Text("unsure", style="dim") if one.unsure else Text(one.label, style=STYLES[one.label])
    said = _plain(one.text or "(no words recognised)")
    return clock(one.start), _plain(one.speaker), label, f"{one.confidence:.0%}", said


def _plain(text: str) -> Text:
    """Text in which nothing is markup or an order to the terminal."""
    return Text("".join(char if char.isprintable() else " " for char in text))
