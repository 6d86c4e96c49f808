"""The files that a replay writes: all events as they come (.jsonl), and what is final, exported at its end."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from streamer.exports import Target, check_writable, format_of
from streamer.protocol import EmotionEvent, Event, TranscriptEvent
from streamer.record import ConversationRecord


class ReplayFiles:
    """Made before the replay, so that a suffix that names no format is refused first; raises ExportError.

    Use as a context manager: on leaving, exports are written of what is final by then, even if the replay was stopped.
    """

    def __init__(self, outputs: Sequence[Path], *, media: Path | None = None) -> None:
        self.paths = tuple(outputs)
        self._media = media
        self._exports = [Target(format_of(path), path) for path in outputs if format_of(path).name != "jsonl"]
        self._streams = [path for path in outputs if format_of(path).name == "jsonl"]
        check_writable(outputs)
        self._lines: list[IO[str]] = []
        self._final: list[Event] = []
        self._bundle: str | None = None
        self._recogniser: str | None = None
        self._open = contextlib.ExitStack()

    def read_by(self, *, bundle: str, recogniser: str) -> None:
        """What the exports name as the source of readings and words."""
        self._bundle, self._recogniser = bundle, recogniser

    def take(self, event: Event) -> None:
        """Any event of the conversation, in order."""
        for lines in self._lines:
            lines.write(event.to_json() + "\n")
        if self._exports and (not self._final or _is_final(event)):
            self._final.append(event)

    def __enter__(self) -> Self:
        self._lines = [self._open.enter_context(path.open("w", encoding="utf-8")) for path in self._streams]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._open:
            if self._final:
                record = ConversationRecord.of(
                    self._final, bundle=self._bundle, recogniser=self._recogniser, truncated=error is not None
                ).model_copy(update={"media": self._media})
                for target in self._exports:
                    target.write(record)


def _is_final(event: Event) -> bool:
    return isinstance(event.body, EmotionEvent | TranscriptEvent) and event.body.final
