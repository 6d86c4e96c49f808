"""What speech recognition gives, and what a recogniser must do."""

from dataclasses import dataclass
from typing import Protocol

from streamer.audio import Samples


class RecogniserError(Exception):
    """A recogniser cannot be had; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word; times in seconds from the start of its utterance."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """The words of an utterance, and its text as the recogniser writes it."""

    text: str
    words: tuple[Word, ...]


class Recognition(Protocol):
    """One utterance being recognised. Called from worker threads, never from two at once."""

    def feed(self, pcm: Samples) -> None:
        """More audio, float32 mono at 16 kHz, on a grid of 20 ms frames: the same audio gives the same words."""
        ...

    def partial(self) -> str:
        """The words so far, rough."""
        ...

    def finish(self) -> Transcript:
        """All words. Called once, last; also to abandon the utterance."""
        ...


class Recogniser(Protocol):
    """Makes recognitions. `draft` says that its words are good for a sketch only.

    streams: it works while it is fed, and has little left to do at the end.
    """

    @property
    def name(self) -> str: ...

    @property
    def draft(self) -> bool: ...

    @property
    def streams(self) -> bool: ...

    def open(self) -> Recognition:
        """A recognition of a new utterance. Never waits."""
        ...

    def expect(self, speakers: int) -> None:
        """So many more may speak at once from now on, or fewer, below 0: what they need is made before they do."""
        ...

    def close(self) -> None:
        """Frees the models; recognitions under way may still finish."""
        ...
