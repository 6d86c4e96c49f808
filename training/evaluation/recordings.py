"""Media files as the engine takes them: speech without the silence around it, and the largest face of each frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.stream import Disposition

from engine.utterance import FACE_SIZE, MIN_AUDIO_SECONDS, SAMPLE_RATE
from training.clips import read_pcm, trim
from training.corpora.media import Media
from training.evaluation.mesh import FaceFinder, Image
from training.evaluation.scores import CannotScore
from training.evaluation.students import Crops, Pcm

_FRAME_SECONDS: Final = 0.1  # ten pictures a second are looked at, as live
_SHORTEST: Final = int(MIN_AUDIO_SECONDS * SAMPLE_RATE)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One utterance: sound, or None; faces uint8 [k, 48, 48], k may be 0."""

    sound: Pcm | None
    faces: Crops


def read_sound(path: Path) -> Pcm:
    """Speech without the silence around it, at least as long as the engine needs. Raises CannotScore."""
    with _decoding(path):
        pcm = read_pcm(path)
    if not len(pcm) or not np.isfinite(pcm).all():
        raise CannotScore(f"{path} holds no sound that can be read; convert it anew, or take its line out")
    longer: Pcm = np.pad(pcm, (0, max(0, _SHORTEST - len(pcm))))
    return trim(longer)


def read_picture(path: Path, finder: FaceFinder) -> Crops:
    """The largest face of a picture, uint8 [1, 48, 48], or [0, 48, 48]. Raises CannotScore."""
    image: Image | None = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise CannotScore(f"{path} can't be read as a picture; save it anew as PNG or JPEG, or take its line out")
    return _stack([finder.find_in_picture(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))])


def read_recording(media: Media, finder: FaceFinder) -> Recording:
    """An utterance's sound and faces, as far as there are any. Raises CannotScore for a file that can't be decoded."""
    sound = read_sound(media.sound) if media.sound is not None and _has_sound(media.sound) else None
    faces = _stack([finder.find(image) for image in _frames(media)]) if media.video is not None else _stack([])
    return Recording(sound, faces)


def _has_sound(path: Path) -> bool:
    with _decoding(path), av.open(str(path)) as file:
        return bool(file.streams.audio)


def _frames(media: Media) -> Iterator[Image]:
    """Upright RGB frames of the utterance, at most ten a second."""
    assert media.video is not None  # noqa: S101 - who calls it has looked
    start, end = media.span or (0.0, float("inf"))
    with _decoding(media.video), av.open(str(media.video)) as file:
        stream = next((s for s in file.streams.video if not s.disposition & Disposition.attached_pic), None)
        if stream is None:
            return
        stream.thread_type = "AUTO"
        if media.span:
            file.seek(int(start * av.time_base))
        following = start
        for frame in file.decode(stream):
            time = float(frame.time or 0.0)
            if time >= end:
                return
            if time >= following:
                following = max(following + _FRAME_SECONDS, time)
                upright = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
                yield np.ascontiguousarray(upright)


def _stack(crops: list[npt.NDArray[np.uint8] | None]) -> Crops:
    found = [crop for crop in crops if crop is not None]
    return np.stack(found) if found else np.empty((0, FACE_SIZE, FACE_SIZE), np.uint8)


@contextmanager
def _decoding(path: Path) -> Iterator[None]:
    try:
        yield
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise CannotScore(
            f"{path} can't be decoded ({error}); convert it anew, or take its line out of the list"
        ) from error
