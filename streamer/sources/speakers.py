"""A recording of one mixed track as if each of its speakers had a track: listened to once before it is replayed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from engine.speakers import Diarisation, Diariser, SpeakerModels, Turn
from engine.utterance import SAMPLE_RATE
from streamer.audio import FRAME
from streamer.sources.file import AudioChunk, FileSource, MediaInfo, VideoFrame
from streamer.turns import KnownTurns

ROOM: Final = "room"
MOST_SPEAKERS: Final = 7  # with the room there are as many participants as a conversation takes


def tell_apart(source: FileSource, speakers: int | None) -> "FileSource | SpeakersSource":
    """The recording with a track for each speaker, if one track holds several; else as it is. Raises BundleError.

    Reads all of its sound once. speakers: how many there are; None finds out, 1 does not look.
    """
    if speakers == 1 or not source.info.has_audio or len(source.info.speakers) > 1:
        return source
    diariser = Diariser(SpeakerModels.load())
    for item in source.sound_alone():
        if isinstance(item, AudioChunk):
            diariser.push(item.pcm)
    found = diariser.finish(speakers, MOST_SPEAKERS)
    return SpeakersSource(source, found) if found.speakers > 1 else source


class SpeakersSource:
    """The tracks of a mixed recording's speakers, named "speaker-1" and so on by first appearance.

    A speaker's track is the mix, silent where others speak and the speaker does not. Which of them a face belongs to
    can't be told from the sound: pictures belong to "room", who never speaks.
    """

    def __init__(self, source: FileSource, found: Diarisation) -> None:
        self._source = source
        self._names = tuple(f"speaker-{number + 1}" for number in range(found.speakers))
        self._found = found
        room = (ROOM,) if source.info.has_video else ()
        video_speaker = ROOM if source.info.has_video else None
        self.info: MediaInfo = replace(source.info, speakers=(*self._names, *room), video_speaker=video_speaker)
        self.turns = {name: KnownTurns(_of(found, number)) for number, name in enumerate(self._names)}

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self._source.name

    @property
    def truncated(self) -> bool:
        """As the file's, after a pass."""
        return self._source.truncated

    def __iter__(self) -> Iterator[AudioChunk | VideoFrame]:
        """As the file's, each chunk of sound once a speaker."""
        for item in self._source:
            if isinstance(item, VideoFrame):
                yield replace(item, speaker=ROOM)
                continue
            frames = item.time + np.arange(0, len(item.pcm), FRAME) / SAMPLE_RATE
            said = np.array([[self.turns[name].at(time) for time in frames] for name in self._names])
            others = said.any(axis=0) & ~said
            for name, muted in zip(self._names, others, strict=True):
                gain = np.repeat(~muted, FRAME)[: len(item.pcm)].astype(np.float32)
                yield AudioChunk(name, item.time, item.pcm * gain)


def _of(found: Diarisation, speaker: int) -> Iterator[Turn]:
    return (turn for turn in found.turns if turn.speaker == speaker)
