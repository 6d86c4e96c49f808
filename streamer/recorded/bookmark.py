"""Where a replay is: a file beside its events, from which the same replay goes on after it was killed.

A line says what is replayed, and one follows for each utterance that is answered, with what the students said of it:
so the dialogue's memory can be rebuilt. The events themselves are in the file of events, and nowhere twice.
"""

import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Self

import numpy as np
import numpy.typing as npt

from engine import Encoded
from engine.kept import from_json, to_json
from streamer.faces import EPOCH_SECONDS, REMEMBERED_PICTURES, Seen
from streamer.protocol import EmotionEvent, Event, FaceBox, FacesEvent, TranscriptEvent
from streamer.recorded.mistakes import CannotResume

_FORMAT: Final = 1
_LONGEST_BACK: Final = EPOCH_SECONDS
"""No utterance that is still to be answered began earlier than this before the end of the last that is."""


@dataclass(slots=True)
class _Past:
    """What is answered already. `size`: bytes of the events' file up to there."""

    utterances: list[str] = field(default_factory=list)
    kept: list[dict[str, Any] | None] = field(default_factory=list)
    seq: int = 0
    size: int = 0
    end: float = 0.0


class Bookmark:
    """Made by `open`, closed by `close`; `delete` ends it when the replay is whole.

    seq: the last event that is kept from before, 0 where the replay is new.
    reached: the media time of the end of the last utterance that is kept.
    """

    def __init__(self, events: Path, past: _Past, lines: IO[str]) -> None:
        self._events = events
        self._past = past
        self._known = frozenset(past.utterances)
        self._lines = lines

    @classmethod
    def open(cls, events: Path, replayed: dict[str, str]) -> Self:
        """Goes on where there is a bookmark of the same replay, and else begins anew.

        replayed: what is replayed, and how, as names and fingerprints. Raises CannotResume where that differs.
        """
        path = place_of(events)
        header = json.dumps({"undertone": _FORMAT, **replayed})
        past = _Past()
        if path.is_file() and events.is_file():
            first, *kept = path.read_bytes().split(b"\n")[:-1] or [b"{}"]
            _check(events, json.loads(first), json.loads(header))
            past = _read_past(events, kept)
        if past.utterances:
            _cut(path, 1 + len(past.utterances))
            os.truncate(events, past.size)
            return cls(events, past, path.open("a", encoding="utf-8"))
        lines = path.open("w", encoding="utf-8")
        lines.write(header + "\n")
        lines.flush()
        return cls(events, past, lines)

    @property
    def seq(self) -> int:
        return self._past.seq

    @property
    def reached(self) -> float:
        return self._past.end

    @property
    def count(self) -> int:
        """How many utterances are kept from before."""
        return len(self._past.utterances)

    @property
    def pictures_from(self) -> float:
        """Earlier pictures need not be looked at again: they are of no utterance that is still to be answered."""
        return max(0.0, self._past.end - _LONGEST_BACK) // EPOCH_SECONDS * EPOCH_SECONDS

    def knows(self, utterance: str) -> bool:
        """Whether it was answered before."""
        return utterance in self._known

    def is_last(self, utterance: str) -> bool:
        """Whether it is the last that was answered before."""
        return bool(self._past.utterances) and self._past.utterances[-1] == utterance

    def keep(self, utterance: str, encoded: Encoded | None) -> None:
        """One more is answered, the next in the dialogue's order; None where there was too little of it to read."""
        kept = to_json(encoded) if encoded else None
        self._lines.write(json.dumps({"utterance": utterance, "kept": kept}) + "\n")
        self._lines.flush()

    def memory(self) -> Iterator[tuple[str, Encoded]]:
        """What the dialogue has to observe again, in order: which utterance, and what the students said of it."""
        answered = zip(self._past.utterances, self._past.kept, strict=True)
        return ((utterance, from_json(kept)) for utterance, kept in answered if kept)

    def events(self) -> Iterator[Event]:
        """The events that are kept from before."""
        if not self.seq:
            return
        with self._events.open("rb") as file:
            for line in file:
                event = Event.from_json(line)
                yield event
                if event.seq == self.seq:
                    return

    def seen(self) -> dict[str, Seen]:
        """For each participant with pictures: the faces that were followed at `pictures_from`."""
        found: dict[str, Seen] = {}
        for event in self.events():
            body = event.body
            if isinstance(body, FacesEvent) and body.at < self.pictures_from:
                seen = found.setdefault(body.participant, Seen(0, deque(maxlen=REMEMBERED_PICTURES + 1)))
                seen.last_id = max((seen.last_id, *(face.id for face in body.faces)))
                seen.pictures.append({face.id: _corners(face) for face in body.faces})
        return found

    def close(self) -> None:
        """Leaves it for another time."""
        self._lines.close()

    def delete(self) -> None:
        """The replay is whole."""
        self.close()
        place_of(self._events).unlink(missing_ok=True)


def place_of(events: Path) -> Path:
    """Where the bookmark of a file of events lies."""
    return events.with_name(f"{events.name}.resume")


def _corners(face: FaceBox) -> npt.NDArray[np.float32]:
    return np.array([(face.x, face.y), (face.x + face.width, face.y + face.height)], np.float32)


def _check(events: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    different = [name for name in now if before.get(name) != now[name]]
    if different:
        raise CannotResume(
            f"{events} holds an unfinished replay of something else (its {different[0]} differs): repeat that "
            "command to finish it, choose another file with -o, or delete it."
        )


def _read_past(events: Path, kept: list[bytes]) -> _Past:
    """As far as both files go: what is answered in one and unknown to the other is done again."""
    past = _Past()
    entries = map(json.loads, kept)
    entry = next(entries, None)
    size = 0
    with events.open("rb") as file:
        for line in file:
            if entry is None or not line.endswith(b"\n"):
                break
            size += len(line)
            event = Event.from_json(line)
            body = event.body
            if isinstance(body, EmotionEvent if entry["kept"] else TranscriptEvent) and body.final:
                past.utterances.append(entry["utterance"])
                past.kept.append(entry["kept"])
                past.seq, past.size, past.end = event.seq, size, body.end
                entry = next(entries, None)
    return past


def _cut(path: Path, count: int) -> None:
    """Leaves the first lines of a file."""
    with path.open("rb") as file:
        size = sum(len(line) for line, _ in zip(file, range(count), strict=False))
    os.truncate(path, size)
