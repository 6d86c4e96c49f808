"""What a source gives, and the words in which it says that it can't."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streamer.audio import Samples

Image = npt.NDArray[np.uint8]


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
