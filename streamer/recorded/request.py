"""What is asked of a replay, and what it tells; none of it needs a model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from streamer.protocol import Event
from streamer.recorded.inputs import Recording


@dataclass(frozen=True, slots=True)
class Request:
    """One recording to replay. store: the library that keeps it, None for none."""

    recording: Recording
    outputs: tuple[Path, ...] = ()
    bundle: str = "undertone-base"
    recogniser: str = "auto"
    store: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """What a replay says before its first event. resumed_at: the media time from which it goes on, None if it is new.

    before: how many utterances are kept from before, whose events, up to `seq`, come again first.
    """

    duration: float | None
    words_from: str | None
    bundle: str
    recogniser: str
    draft: bool
    before: int
    resumed_at: float | None
    seq: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a replay says in the end. notes: sentences on what is wrong with the recording."""

    utterances: int
    notes: tuple[str, ...]


class Watcher(Protocol):
    """Who follows a replay. Called on its event loop, which waits meanwhile; `listening` in a thread, before."""

    def listening(self, seconds: float, duration: float | None) -> None: ...

    def begun(self, begun: Begun) -> None: ...

    def take(self, event: Event) -> None: ...

    def reached(self, seconds: float) -> None: ...
