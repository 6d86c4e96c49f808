"""A recording of one mixed track as if each of its speakers had a track: listened to once before it is replayed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from engine.speakers import Diarisation, Diariser, SpeakerModels, Turn
from engine.utterance import SAMPLE_RATE
from streamer.audio import FRAME
from streamer.sources.file import FileSource
from streamer.sources.media import AudioChunk, MediaInfo, VideoFrame
from streamer.turns import KnownTurns

MOST_SPEAKERS: Final = 8


def tell_apart(
    source: FileSource, speakers: int | None, listened: Callable[[float], None] = lambda _: None
) -> "FileSource | SpeakersSource":
    """The recording with a track for each speaker, if one track holds several; else as it is. Raises BundleError.

    Reads all of its sound once. speakers: how many there are; None finds out, 1 does not look. listened: called with
    the media time that it has come to; what it raises ends it.
    """
    if speakers == 1 or not source.info.has_audio or len(source.info.speakers) > 1:
        return source
    diariser = Diariser(SpeakerModels.load())
    for chunk in source.sound():
        diariser.push(chunk.pcm)
        listened(chunk.time)
    found = diariser.finish(speakers, MOST_SPEAKERS)
    return SpeakersSource(source, found) if found.speakers > 1 else source


class SpeakersSource:
    """The tracks of a mixed recording's speakers, named "speaker-1" and so on by first appearance.

    A speaker's track is the mix, silent where others speak and the speaker does not. Its pictures are everybody's: the
    first speaker gets them for all.
    """

    def __init__(self, source: FileSource, found: Diarisation) -> None:
        self._source = source
        self._names = tuple(f"speaker-{number + 1}" for number in range(found.speakers))
        self._found = found
        video_speaker = self._names[0] if source.info.has_video else None
        self.info: MediaInfo = replace(source.info, speakers=self._names, video_speaker=video_speaker)
        self.turns = {name: KnownTurns(_of(found, number)) for number, name in enumerate(self._names)}

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self._source.name

    @property
    def truncated(self) -> bool:
        """As the file's, after a pass."""
        return self._source.truncated

    @property
    def damaged(self) -> bool:
        """Likewise."""
        return self._source.damaged

    def joined(self, same: Mapping[str, str]) -> "FileSource | SpeakersSource":
        """The recording where some speakers turn out to be others, by name; the file itself where one is left."""
        number = {name: index for index, name in enumerate(self._names)}
        found = self._found.joined({number[name]: number[other] for name, other in same.items()})
        return SpeakersSource(self._source, found) if found.speakers > 1 else self._source

    def read(self, pictures_from: float = 0.0) -> Iterator[AudioChunk | VideoFrame]:
        """As the file's, each chunk of sound once a speaker."""
        for item in self._source.read(pictures_from):
            if isinstance(item, VideoFrame):
                yield replace(item, speaker=self._names[0])
                continue
            middles = item.time + np.arange(FRAME // 2, len(item.pcm) + FRAME // 2, FRAME) / SAMPLE_RATE
            said = np.array([[self.turns[name].at(time) for time in middles] for name in self._names])
            others = said.any(axis=0) & ~said
            for name, muted in zip(self._names, others, strict=True):
                gain = np.repeat(~muted, FRAME)[: len(item.pcm)].astype(np.float32)
                yield AudioChunk(name, item.time, item.pcm * gain)


def _of(found: Diarisation, speaker: int) -> Iterator[Turn]:
    return (turn for turn in found.turns if turn.speaker == speaker)
