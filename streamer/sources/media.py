"""What a source gives, and the words in which it says that it can't."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from engine.utterance import SAMPLE_RATE
from streamer.audio import Samples

Image = npt.NDArray[np.uint8]
CHUNK: Final = SAMPLE_RATE // 5
"""The most samples that come at once: half of what closes an utterance, whose pictures have then come as well."""


class MediaError(Exception):
    """A recording cannot be read; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """Sound of one speaker: float32 [n], mono, 16 kHz; `time` in seconds of media is that of its first sample."""

    speaker: str
    time: float
    pcm: Samples


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """A picture of one speaker: uint8 [H, W, 3], RGB, upright."""

    speaker: str
    time: float
    image: Image


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a recording holds. `duration` is None where the file does not say it; `speakers` is never empty."""

    duration: float | None
    speakers: tuple[str, ...]
    has_audio: bool
    has_video: bool
    video_speaker: str | None


class Source(Protocol):
    """A recording. Can be read more than once; nothing but a packet or two of it is ever in memory."""

    @property
    def info(self) -> MediaInfo:
        """What it holds."""
        ...

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    @property
    def truncated(self) -> bool:
        """After a pass, whether it ended before it says it does; what was there has been given."""
        ...

    @property
    def damaged(self) -> bool:
        """After a pass, whether some of it could not be decoded; that has been left out."""
        ...

    def read(self, pictures_from: float = 0.0) -> Iterator[AudioChunk | VideoFrame]:
        """Sound in chunks of 200 ms at most, pictures at most ten a second, in order of time, which begins at 0.

        pictures_from: earlier pictures are not needed, and may be left out.
        """
        ...
