"""The files that a replay writes: all events as they come (.jsonl), and what is final, exported at its end."""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from streamer.exports import ExportError, Target, format_of, make_room
from streamer.protocol import EmotionEvent, Event, TranscriptEvent
from streamer.record import ConversationRecord
from streamer.recorded.bookmark import Bookmark


class ReplayFiles:
    """Made before the replay, so that a suffix that names no format is refused first; raises ExportError.

    Use as a context manager: on leaving, exports are written of what is final by then, even if the replay was stopped.
    """

    def __init__(self, outputs: Sequence[Path], *, media: Path | None = None) -> None:
        self.paths = tuple(outputs)
        self._media = media
        self._exports = [Target(format_of(path), path) for path in outputs if format_of(path).name != "jsonl"]
        self._streams = [path for path in outputs if format_of(path).name == "jsonl"]
        make_room(outputs)
        self._bookmark: Bookmark | None = None
        self._lines: list[tuple[IO[str], int]] = []
        self._final: list[Event] = []
        self._bundle: str | None = None
        self._recogniser: str | None = None
        self._open = contextlib.ExitStack()

    @property
    def events(self) -> Path | None:
        """The first file of all events: beside it lies the replay's bookmark."""
        return self._streams[0] if self._streams else None

    def read_by(self, *, bundle: str, recogniser: str, bookmark: Bookmark | None = None) -> None:
        """What the exports name as the source of readings and words; and where the first file of events goes on."""
        self._bundle, self._recogniser, self._bookmark = bundle, recogniser, bookmark

    def spare(self, read: Iterable[Path]) -> None:
        """Raises ExportError where a file that the replay reads would be written over."""
        for path in read:
            if any(output.exists() and output.samefile(path) for output in self.paths):
                raise ExportError(f"{path} is read for this replay; write to another file with -o")

    def take(self, event: Event) -> None:
        """Any event of the conversation, in order."""
        final = _is_final(event)
        for lines, written in self._lines:
            if event.seq > written:
                lines.write(event.to_json() + "\n")
                if final:
                    lines.flush()
        if self._exports and (not self._final or final):
            self._final.append(event)

    def __enter__(self) -> Self:
        for path in self._streams:
            written = self._bookmark.seq if self._bookmark and path == self.events else 0
            lines = self._open.enter_context(path.open("a" if written else "w", encoding="utf-8"))
            self._lines.append((lines, written))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._open:
            if self._final:
                record = ConversationRecord.of(
                    self._final, bundle=self._bundle, recogniser=self._recogniser, truncated=error is not None
                ).model_copy(update={"media": self._media})
                for target in self._exports:
                    target.write(record)
        if self._bookmark and error is None:
            self._bookmark.delete()
        elif self._bookmark:
            self._bookmark.close()


def _is_final(event: Event) -> bool:
    return isinstance(event.body, EmotionEvent | TranscriptEvent) and event.body.final
