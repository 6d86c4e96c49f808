"""A recording as a source: its sound and pictures in the order of media time."""

import heapq
import struct
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from math import floor, isinf
from pathlib import Path
from typing import Final, Literal, Self

import av
import numpy as np

from engine.utterance import SAMPLE_RATE
from streamer.audio import Samples
from streamer.sources.channels import separate_speakers
from streamer.sources.media import CHUNK, AudioChunk, Image, MediaError, MediaInfo, VideoFrame
from streamer.sources.timeline import lay_out
from streamer.sources.track import Track, open_container

__all__ = ["AudioChunk", "Channels", "FileSource", "MediaError", "MediaInfo", "VideoFrame", "upright"]

_PICTURES_PER_SECOND: Final = 10
_LONGEST_SIDE: Final = 1280
_LISTENED_SECONDS: Final = 300.0

Channels = Literal["auto", "mixed", "split"]


class FileSource:
    """A media file.

    channels: "split" gives each channel a speaker, "mixed" makes one of all, and "auto" splits two channels that carry
    a speaker each, as `separate_speakers` hears them.
    origin: what its own clock shows at time 0.
    """

    def __init__(self, path: Path, info: MediaInfo, origin: float) -> None:
        self.info = info
        self.origin = origin
        self._path = path
        self._until = 0.0
        self._damaged = False

    @classmethod
    def open(cls, path: str | Path, channels: Channels = "auto") -> Self:
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
        count = _speakers(path, sound.layout.nb_channels if sound is not None else 0, origin, channels)
        info = MediaInfo(
            duration=duration,
            speakers=tuple(f"speaker-{number}" for number in range(1, count + 1)),
            has_audio=sound is not None,
            has_video=picture is not None,
            video_speaker="speaker-1" if picture is not None else None,
        )
        return cls(path, info, origin)

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self._path.name

    @property
    def truncated(self) -> bool:
        """After a pass, whether the file ended before it says it does."""
        end = self.origin + (self.info.duration or 0.0)
        return end - self._until > 0.5 + 0.02 * end or _cut_short(self._path)

    @property
    def damaged(self) -> bool:
        """After a pass, whether some of it could not be decoded; that has been left out."""
        return self._damaged

    def sound_alone(self) -> Self:
        """The same file as if it had no pictures."""
        return type(self)(self._path, replace(self.info, has_video=False, video_speaker=None), self.origin)

    def __iter__(self) -> Iterator[AudioChunk | VideoFrame]:
        return self.read()

    def read(self, pictures_from: float = 0.0) -> Iterator[AudioChunk | VideoFrame]:
        """As `Source.read`, sound and pictures on one clock."""
        items: tuple[Iterator[AudioChunk | VideoFrame], ...] = (self.sound(), self.pictures(pictures_from))
        return heapq.merge(*items, key=lambda item: item.time)

    def sound(self) -> Iterator[AudioChunk]:
        """Its sound alone."""
        if not self.info.has_audio:
            return
        track = Track(self._path, "audio")
        channels: Literal["kept", "mixed"] = "kept" if len(self.info.speakers) > 1 else "mixed"
        for time, pcm in _in_chunks(lay_out(track.audio(), self.origin, channels)):
            for speaker, row in zip(self.info.speakers, pcm, strict=True):
                yield AudioChunk(speaker, time, row)
        self._learn(track)

    def pictures(self, since: float = 0.0) -> Iterator[VideoFrame]:
        """Its pictures alone."""
        if self.info.video_speaker is None or isinf(since):
            return
        track = Track(self._path, "video")
        # A little earlier: which picture of a tenth of a second is given depends on those before it.
        for frame in track.video(self.origin + since - 0.3 if since > 0.3 else None, self._tenth):
            time = (frame.time or 0.0) - self.origin
            if time >= since:
                yield VideoFrame(self.info.video_speaker, time, upright(frame))
        self._learn(track)

    def _tenth(self, time: float) -> int:
        """In which tenth of a second a picture is, by its time on the file's own clock."""
        return floor((time - self.origin) * _PICTURES_PER_SECOND + 1e-6)

    def _learn(self, track: Track) -> None:
        self._until = max(self._until, track.until)
        self._damaged |= track.damaged


def _speakers(path: Path, count: int, origin: float, channels: Channels) -> int:
    """How many speakers are on a file's channels. Raises MediaError."""
    if channels == "split" and count < 2:
        raise MediaError(f"{path} has no channels to split: give it without --channels split.")
    apart = channels == "auto" and count == 2 and separate_speakers(_beginning(path, origin))
    return count if apart or channels == "split" else 1


def _beginning(path: Path, origin: float) -> Iterator[Samples]:
    line = lay_out(Track(path, "audio").audio(), origin, "kept")
    return (pcm for _, pcm in takewhile(lambda item: item[0] < _LISTENED_SECONDS, line))


def _in_chunks(line: Iterator[tuple[float, Samples]]) -> Iterator[tuple[float, Samples]]:
    """The same samples in chunks of exactly 200 ms, but for the last."""
    start, held = 0.0, None
    for time, pcm in line:
        if held is None:
            start, held = time, pcm
        else:
            held = np.concatenate([held, pcm], axis=1)
        while held.shape[1] >= CHUNK:
            yield start, held[:, :CHUNK]
            start, held = start + CHUNK / SAMPLE_RATE, held[:, CHUNK:]
    if held is not None and held.shape[1]:
        yield start, held


def upright(frame: av.VideoFrame) -> Image:
    """RGB, turned as the camera's orientation says, its longer side at most 1280 pixels."""
    shrink = min(1.0, _LONGEST_SIDE / max(frame.width, frame.height))
    width, height = max(1, round(frame.width * shrink)), max(1, round(frame.height * shrink))
    # By default it takes two threads, and on a busy machine waits for both.
    image = frame.reformat(width=width, height=height, format="rgb24", threads=1).to_ndarray()
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
