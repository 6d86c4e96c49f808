"""Several files as one conversation, one a participant, as Zoom and Riverside record them."""

import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.utterance import SAMPLE_RATE
from streamer.sources.file import FileSource
from streamer.sources.media import CHUNK, AudioChunk, MediaInfo, VideoFrame

_ZOOM: Final = re.compile(r"audio(?P<name>[^\d\W].*?)\d{3,}")
_RIVERSIDE: Final = re.compile(r"riverside_(?P<name>[^_]+)_.+", re.IGNORECASE)


def participant_of(stem: str) -> str:
    """Who a file is of, by its name without suffix: `audioAnnSmith21234567` (Zoom), `riverside_ann_…`, or the stem."""
    match = _ZOOM.fullmatch(stem) or _RIVERSIDE.fullmatch(stem)
    return " ".join((match["name"] if match else stem).split())


@dataclass(frozen=True, slots=True)
class Part:
    """One participant's file, and the conversation's time at which it begins."""

    participant: str
    source: FileSource
    offset: float


class Together:
    """Files on one clock, that begins with the earliest. Who has sound is silent before and after it, to the end."""

    def __init__(self, parts: Sequence[Part]) -> None:
        earliest = min(part.offset for part in parts)
        self._parts = [replace(part, offset=_on_grid(part.offset - earliest)) for part in parts]
        self._lasting = 0

    @property
    def name(self) -> str:
        """The participants' names."""
        return ", ".join(part.participant for part in self._parts)

    @property
    def info(self) -> MediaInfo:
        """Of all parts together; `video_speaker` is the first who is seen."""
        seen = [part.participant for part in self._parts if part.source.info.has_video]
        ends = [
            part.offset + part.source.info.duration for part in self._parts if part.source.info.duration is not None
        ]
        return MediaInfo(
            duration=max(ends) if len(ends) == len(self._parts) else None,
            speakers=tuple(part.participant for part in self._parts),
            has_audio=any(part.source.info.has_audio for part in self._parts),
            has_video=bool(seen),
            video_speaker=seen[0] if seen else None,
        )

    @property
    def truncated(self) -> bool:
        """After a pass, whether one of the files ended before it says it does."""
        return any(part.source.truncated for part in self._parts)

    @property
    def damaged(self) -> bool:
        """After a pass, whether some of the files could not be decoded."""
        return any(part.source.damaged for part in self._parts)

    def read(self, pictures_from: float = 0.0) -> Iterator[AudioChunk | VideoFrame]:
        """As `Source.read`."""
        self._lasting = len(self._parts)
        lines: list[Iterator[AudioChunk | VideoFrame]] = [self._sound(part) for part in self._parts]
        lines += [_pictures(part, pictures_from) for part in self._parts]
        return heapq.merge(*lines, key=lambda item: item.time)

    def _sound(self, part: Part) -> Iterator[AudioChunk]:
        if part.source.info.has_audio:
            yield from _silence(part.participant, 0.0, part.offset)
        at = part.offset
        for chunk in part.source.sound():
            start = part.offset + chunk.time
            yield from _silence(part.participant, at, start)
            yield replace(chunk, speaker=part.participant, time=start)
            at = start + len(chunk.pcm) / SAMPLE_RATE
        self._lasting -= 1
        # A live participant is heard until they leave: so a file's last words are answered when they are over.
        while self._lasting and part.source.info.has_audio:
            yield AudioChunk(part.participant, at, np.zeros(CHUNK, np.float32))
            at += CHUNK / SAMPLE_RATE


def _pictures(part: Part, since: float) -> Iterator[VideoFrame]:
    for picture in part.source.pictures(max(0.0, since - part.offset)):
        yield replace(picture, speaker=part.participant, time=part.offset + picture.time)


def _silence(speaker: str, start: float, end: float) -> Iterator[AudioChunk]:
    missing = round((end - start) * SAMPLE_RATE)
    for first in range(0, missing, CHUNK):
        length = min(CHUNK, missing - first)
        yield AudioChunk(speaker, start + first / SAMPLE_RATE, np.zeros(length, np.float32))


def _on_grid(seconds: float) -> float:
    """To a whole sample."""
    return round(seconds * SAMPLE_RATE) / SAMPLE_RATE
