"""What `undertone replay` shows in the terminal: a line for each utterance, and how far it is."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from engine.labels import Emotion
from streamer.protocol import EmotionEvent, Event, TranscriptEvent
from streamer.recorded.request import Begun, Summary

STYLES: dict[Emotion, str] = {
    "neutral": "white",
    "joy": "yellow",
    "surprise": "magenta",
    "anger": "red",
    "sadness": "blue",
    "fear": "cyan",
    "disgust": "green",
}


def clock(seconds: float) -> str:
    """Minutes and seconds, 01:02.3; hours where there are any."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes:02d}:{rest:04.1f}"


def introduction(begun: Begun) -> list[str]:
    """Where the words are from, and how far the replay is already."""
    lines = []
    if begun.words_from is not None:
        lines.append(f"words from {begun.words_from}: none are recognised")
    elif begun.draft:
        lines.append(f"words by {begun.recogniser}: draft quality")
    if begun.resumed_at is not None:
        lines.append(f"going on at {clock(begun.resumed_at)}: {begun.before} utterances are answered already")
    return lines


def conclusion(summary: Summary, written: Sequence[Path]) -> str:
    """How many utterances there were, and the files that tell of them."""
    count = f"{summary.utterances} utterance{'' if summary.utterances == 1 else 's'}"
    return f"{count}, written to {', '.join(map(str, written))}" if written else count


class ReplayView:
    """Watches one replay: prints final utterances as they come, above a progress bar. Use as a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._words: dict[str, str] = {}
        self._told_before = 0
        self._progress = Progress(
            TextColumn("{task.fields[clock]}"), BarColumn(None), TimeRemainingColumn(), console=console, transient=True
        )
        self._task = self._progress.add_task("replay", total=None, clock=clock(0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def listening(self, seconds: float, duration: float | None) -> None:
        """The media time to which the recording has been listened for who speaks."""
        self._progress.update(self._task, total=duration, completed=seconds, clock=f"who speaks {clock(seconds)}")
        self._progress.start()

    def begun(self, begun: Begun) -> None:
        """Prints where the words are from and, where the replay goes on, from where."""
        for line in introduction(begun):
            self._console.print(Text(line, style="dim"), soft_wrap=True)
        self._told_before = begun.seq
        self._progress.reset(self._task, total=begun.duration, clock=clock(0))
        self._progress.start()
        self._console.print(self._row("time", "speaker", Text("expresses"), "", "said"), style="bold")

    def reached(self, seconds: float) -> None:
        """The media time that the replay has come to."""
        self._progress.update(self._task, completed=seconds, clock=clock(seconds))

    def take(self, event: Event) -> None:
        """Takes any event; final ones become lines."""
        body = event.body
        if event.seq <= self._told_before:
            return
        if isinstance(body, TranscriptEvent) and body.final:
            self._words[body.utterance] = body.text
        elif isinstance(body, EmotionEvent) and body.final:
            label = Text("unsure", style="dim") if body.unsure else Text(body.label, style=STYLES[body.label])
            words = self._words.pop(body.utterance, "") or "(no words recognised)"
            self._console.print(self._row(clock(body.start), body.participant, label, f"{body.confidence:.0%}", words))

    def _row(self, time: str, speaker: str, label: Text, confidence: str, words: str) -> Table:
        row = Table.grid(padding=(0, 1))
        for width in (9, 12, 9, 4):
            row.add_column(width=width, no_wrap=True)
        row.add_column(ratio=1)
        row.add_row(time, Text(speaker), label, confidence, Text(words))
        return row
