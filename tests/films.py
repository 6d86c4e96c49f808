"""Recordings with pictures for tests: people side by side whose lips move with what they say."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np

from engine.utterance import SAMPLE_RATE
from streamer.audio import Samples
from tests.portraits import Image, portrait

PICTURES_PER_SECOND: Final = 10
_WIDEST: Final = 14
_CUT: Final = (slice(20, 260), slice(100, 340))
_TILE: Final = 320


@cache
def face(person: int, gap: int) -> Image:
    """A tile, uint8 [320, 320, 3]: one of two people, the mouth open by up to 14 of the portrait's pixels."""
    tile: Image = cv2.resize(portrait(gap)[_CUT], (_TILE, _TILE))
    if person % 2:  # The same portrait the other way round, and lit from one side, is somebody else.
        light = np.linspace(0.4, 1.0, _TILE)[None, :, None]
        tile = np.ascontiguousarray(tile[:, ::-1] * light).astype(np.uint8)
    return tile


def lips(voice: Samples, pictures: int) -> list[int]:
    """How far the mouth is open in each picture, as loud as the voice then is."""
    step = SAMPLE_RATE // PICTURES_PER_SECOND
    sound = np.pad(voice, (0, max(0, pictures * step - len(voice))))[: pictures * step].reshape(pictures, step)
    loudness = np.sqrt(np.mean(np.square(sound), axis=1))
    gaps: list[int] = np.rint(_WIDEST * np.sqrt(loudness / max(float(loudness.max()), 1e-6))).astype(int).tolist()
    return gaps


def write_call(path: Path, sound: Samples, people: Sequence[Sequence[int]]) -> Path:
    """A film of people side by side, with this sound, float32 [n] at 16 kHz.

    people: how far each opens the mouth in each picture, as `lips` makes it.
    """
    return write_film(path, sound, (_row(gaps) for gaps in zip(*people, strict=True)))


def write_film(path: Path, sound: Samples, pictures: Iterable[Image]) -> Path:
    """A film of ten pictures a second, all of one size, with this sound, float32 [n] at 16 kHz."""
    with av.open(str(path), "w") as file:
        film = file.add_stream("mpeg4", rate=PICTURES_PER_SECOND)
        shown = iter(pictures)
        first = next(shown)
        film.height, film.width, _ = first.shape
        film.pix_fmt, film.bit_rate = "yuv420p", 2_000_000
        track = file.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
        for index, picture in enumerate(chain([first], shown)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, PICTURES_PER_SECOND)
            file.mux(film.encode(frame))
        whole = (np.clip(sound, -1, 1) * 32767).astype(np.int16)[None]
        heard = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
        heard.sample_rate, heard.pts = SAMPLE_RATE, 0
        file.mux(track.encode(heard))
        for stream in (film, track):
            file.mux(stream.encode(None))
    return path


def _row(gaps: Sequence[int]) -> Image:
    return np.concatenate([face(person, gap) for person, gap in enumerate(gaps)], axis=1)
