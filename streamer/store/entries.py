"""A conversation as the library lists it."""

from typing import Final

from streamer.protocol import Message
from streamer.record import ConversationRecord, Seconds

MAX_TITLE: Final = 200
_JOINERS: Final = "\u200c\u200d"


class Found(Message):
    """An utterance in which what was searched for was said."""

    utterance: str
    speaker: str
    start: Seconds
    text: str


class Entry(Message):
    """One conversation.

    name: what it was called on the server; title: the same, or the recording's file name, until it is renamed.
    began: wall clock of its media time 0, seconds since 1970. duration: to the end of its last utterance.
    found: up to twenty of the utterances that a search has found, in order; empty in a plain list.
    """

    id: str
    name: str
    title: str
    began: float
    duration: Seconds
    speakers: tuple[str, ...]
    utterances: int
    bundle: str | None
    recogniser: str | None
    found: tuple[Found, ...] = ()


class Kept(Message):
    """An entry and all that is kept of it."""

    entry: Entry
    record: ConversationRecord


def clean_title(title: str) -> str:
    """A title in one line without control characters. Raises ValueError where nothing is left, or too much."""
    printable = "".join(char if char.isprintable() or char in _JOINERS else " " for char in title)
    clean = " ".join(printable.split())
    if not clean.strip(_JOINERS) or len(clean) > MAX_TITLE:
        raise ValueError(f"a title has 1 to {MAX_TITLE} characters that can be seen; this one has {len(clean)}")
    return clean
