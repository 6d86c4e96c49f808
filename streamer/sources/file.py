"""A recording as a source: its sound and pictures in the order of media time."""

import heapq
import struct
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from math import floor
from pathlib import Path
from typing import Final, Literal, Self

import av
import numpy as np

from engine.utterance import SAMPLE_RATE
from streamer.audio import Samples
from streamer.sources.channels import separate_speakers
from streamer.sources.media import AudioChunk, Image, MediaError, MediaInfo, VideoFrame
from streamer.sources.timeline import lay_out
from streamer.sources.track import Track, open_container

__all__ = ["AudioChunk", "FileSource", "MediaError", "MediaInfo", "VideoFrame", "upright"]

_CHUNK: Final = SAMPLE_RATE // 10
_PICTURES_PER_SECOND: Final = 10
_LONGEST_SIDE: Final = 1280
_LISTENED_SECONDS: Final = 300.0


class FileSource:
    """A media file. Can be iterated more than once; nothing but a packet or two of it is ever in memory.

    info: what the file holds.
    truncated: after a pass, whether the file ended before it says it does; what was there has been given.
    """

    def __init__(self, path: Path, info: MediaInfo, origin: float) -> None:
        self.info = info
        self.truncated = False
        self._path = path
        self._origin = origin

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Looks into a file: its tracks, its clock, and, over the first five minutes, who is on which channel.

        Raises MediaError, with a sentence that says what to do.
        """
        path = Path(path)
        with open_container(path) as container:
            duration = container.duration / av.time_base if container.duration else None
        sound = next(Track(path, "audio").audio(), None)
        picture = next(Track(path, "video").video(), None)
        if sound is None and picture is None:
            raise MediaError(
                f"{path} has neither sound nor pictures that can be decoded. Was the recording ever started?"
            )
        origin = min(frame.time or 0.0 for frame in (sound, picture) if frame is not None)
        apart = sound is not None and sound.layout.nb_channels == 2 and separate_speakers(_beginning(path, origin))
        info = MediaInfo(
            duration=duration,
            speakers=("speaker-1", "speaker-2") if apart else ("speaker-1",),
            has_audio=sound is not None,
            has_video=picture is not None,
            video_speaker="speaker-1" if picture is not None else None,
        )
        return cls(path, info, origin)

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self._path.name

    def sound_alone(self) -> Self:
        """The same file as if it had no pictures."""
        return type(self)(self._path, replace(self.info, has_video=False, video_speaker=None), self._origin)

    def __iter__(self) -> Iterator[AudioChunk | VideoFrame]:
        """Sound in chunks of 100 ms at most, pictures at most ten a second. Times begin at 0, on one clock for both."""
        self.truncated = False
        sound, pictures = Track(self._path, "audio"), Track(self._path, "video")
        items: tuple[Iterator[AudioChunk | VideoFrame], ...] = (self._chunks(sound), self._pictures(pictures))
        yield from heapq.merge(*items, key=lambda item: item.time)
        end = self._origin + (self.info.duration or 0.0)
        self.truncated = end - max(sound.until, pictures.until) > 0.5 + 0.02 * end or _cut_short(self._path)

    def _chunks(self, track: Track) -> Iterator[AudioChunk]:
        if not self.info.has_audio:
            return
        channels: Literal["kept", "mixed"] = "kept" if len(self.info.speakers) == 2 else "mixed"
        for time, pcm in _in_chunks(lay_out(track.audio(), self._origin, channels)):
            for speaker, row in zip(self.info.speakers, pcm, strict=True):
                yield AudioChunk(speaker, time, row)

    def _pictures(self, track: Track) -> Iterator[VideoFrame]:
        if self.info.video_speaker is None:
            return
        due = 0.0
        for frame in track.video():
            time = (frame.time or 0.0) - self._origin
            if time >= due:
                due = (floor(time * _PICTURES_PER_SECOND + 1e-6) + 1) / _PICTURES_PER_SECOND
                yield VideoFrame(self.info.video_speaker, time, upright(frame))


def _beginning(path: Path, origin: float) -> Iterator[Samples]:
    line = lay_out(Track(path, "audio").audio(), origin, "kept")
    return (pcm for _, pcm in takewhile(lambda item: item[0] < _LISTENED_SECONDS, line))


def _in_chunks(line: Iterator[tuple[float, Samples]]) -> Iterator[tuple[float, Samples]]:
    """The same samples in chunks of exactly 100 ms, but for the last."""
    start, held = 0.0, None
    for time, pcm in line:
        if held is None:
            start, held = time, pcm
        else:
            held = np.concatenate([held, pcm], axis=1)
        while held.shape[1] >= _CHUNK:
            yield start, held[:, :_CHUNK]
            start, held = start + _CHUNK / SAMPLE_RATE, held[:, _CHUNK:]
    if held is not None and held.shape[1]:
        yield start, held


def upright(frame: av.VideoFrame) -> Image:
    """RGB, turned as the camera's orientation says, its longer side at most 1280 pixels."""
    shrink = min(1.0, _LONGEST_SIDE / max(frame.width, frame.height))
    width, height = max(1, round(frame.width * shrink)), max(1, round(frame.height * shrink))
    image = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(image, round(frame.rotation / 90)))


def _cut_short(path: Path) -> bool:
    """A WAV file says how long it is, and ffmpeg does not hold it to that: compares it with the size."""
    with path.open("rb") as file:
        head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return False
    said: int = struct.unpack("<I", head[4:8])[0]
    streamed = said in {0, 0xFFFFFFFF}
    return not streamed and said + 8 > path.stat().st_size + 1
