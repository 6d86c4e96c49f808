"""A watcher for tests, and events without what only the clock on the wall knows."""

import json
from pathlib import Path
from typing import Any

from streamer.protocol import EmotionEvent, Event, TranscriptEvent
from streamer.recorded.request import Begun


class Killed(Exception):
    """Stands for the end of the process."""


class Watching:
    """Keeps what it is told. killed_after: raises Killed once so many utterances are answered."""

    def __init__(self, killed_after: int | None = None) -> None:
        self.events: list[Event] = []
        self.told: Begun | None = None
        self._killed_after = killed_after

    def listening(self, seconds: float, duration: float | None) -> None:
        """Not of interest."""

    def begun(self, begun: Begun) -> None:
        self.told = begun

    def take(self, event: Event) -> None:
        self.events.append(event)
        if self._killed_after is not None and len(self.readings) >= self._killed_after:
            raise Killed

    def reached(self, seconds: float) -> None:
        """Not of interest."""

    @property
    def readings(self) -> list[EmotionEvent]:
        return [event.body for event in self.events if isinstance(event.body, EmotionEvent) and event.body.final]

    @property
    def words(self) -> dict[str, str]:
        """The words of each utterance."""
        bodies = [event.body for event in self.events if isinstance(event.body, TranscriptEvent)]
        return {body.utterance: body.text for body in bodies if body.final}


def timeless(path: Path) -> list[str]:
    """The lines of a file of events without wall clock times: what is left is the same in every run, to the byte."""
    return [json.dumps(_without_clock(json.loads(line))) for line in path.read_text().splitlines()]


def _without_clock(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in {"time", "latency_ms"}}
