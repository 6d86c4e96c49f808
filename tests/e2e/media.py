"""What the browser's fake devices play: spoken sentences, and a portrait that moves over a plain ground."""

import subprocess
import wave
from math import pi, sin
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest

from tests.voices import silence, speak

SENTENCES: Final = ("I am so happy that you came to see us today.", "That is terrible news, I am really sorry.")
WIDTH: Final = 640
HEIGHT: Final = 480
FACE: Final = (226, 124)
"""The middle of the face, in the portrait's pixels: its left edge moves, its upper one is the picture's."""
_PORTRAIT_WIDTH: Final = 480
_GROUND: Final = (0, 0, 255)
_TRAVEL: Final = 40
_RATE: Final = 15
_SECONDS: Final = 12


def write_voice(path: Path) -> Path:
    """The sentences with a second of silence after each, which Chromium repeats. Skips where there are no voices."""
    sound = np.concatenate([part for text in SENTENCES for part in (speak(text), silence(1.2))])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return path


def write_camera(path: Path) -> Path:
    """A film in MJPEG of scikit-image's astronaut (NASA, public domain) drifting from side to side and back."""
    portrait, count = _portrait(), _RATE * _SECONDS
    pictures = b"".join(_picture(portrait, number / count) for number in range(count))
    command = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}"]
    command += ["-r", str(_RATE), "-i", "-", "-pix_fmt", "yuvj420p", "-q:v", "3", "-f", "mjpeg", str(path)]
    subprocess.run(command, input=pictures, check=True)
    return path


def _portrait() -> npt.NDArray[np.uint8]:
    data = pytest.importorskip("skimage.data", reason="the portrait needs scikit-image: pip install scikit-image")
    portrait: npt.NDArray[np.uint8] = data.astronaut()
    return portrait[:HEIGHT, :_PORTRAIT_WIDTH]


def _picture(portrait: npt.NDArray[np.uint8], phase: float) -> bytes:
    """The picture at a phase of 0 to 1 of one drift to and fro."""
    left = (WIDTH - _PORTRAIT_WIDTH) // 2 + round(_TRAVEL * sin(2 * pi * phase))
    picture = np.full((HEIGHT, WIDTH, 3), _GROUND, np.uint8)
    picture[:, left : left + _PORTRAIT_WIDTH] = portrait
    return picture.tobytes()
