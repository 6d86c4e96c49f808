"""What is replayed, and how, in a few short hashes: an unfinished replay goes on only where all are the same."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from streamer.hub import Hub
from streamer.recorded.inputs import Opened, Recording
from streamer.transcripts.script import Scripted

_EDGE: Final = 1 << 20


def fingerprint(recording: Recording, opened: Opened, hub: Hub) -> dict[str, str]:
    """By name: the recording, its transcript, the bundle, the recogniser, the settings."""
    script = opened.source.cues if isinstance(opened.source, Scripted) else None
    asked = (recording.participants, recording.offsets, recording.speakers, opened.source.info)
    return {
        "recording": _hash(repr(asked).encode(), *(part for file in recording.files for part in _edges(file))),
        "transcript": _hash(repr(script).encode()),
        "bundle": _hash(hub.engine.bundle.manifest.model_dump_json().encode()),
        "recogniser": hub.recogniser.name,
        "settings": _hash(repr(replace(hub.settings, store=None)).encode()),
    }


def _edges(path: Path) -> Iterator[bytes]:
    """Its size, beginning and end: enough to know a recording again, hours of it included."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        yield str(size).encode()
        for place in (0, max(0, size - _EDGE)):
            file.seek(place)
            yield file.read(_EDGE)


def _hash(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]
