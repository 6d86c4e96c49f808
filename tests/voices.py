"""Speech for tests: ffmpeg's flite voices, which need no recording and no network."""

import shutil
import subprocess
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest

Voice = Literal["slt", "rms", "awb", "kal16"]


@lru_cache(maxsize=1)
def _why_not() -> str:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        return "ffmpeg is not installed"
    filters = subprocess.run([ffmpeg, "-hide_banner", "-filters"], capture_output=True, text=True, check=True).stdout
    return "" if " flite " in filters else "this ffmpeg has no flite voices (Debian's has them)"


def speak(text: str, voice: Voice = "slt") -> npt.NDArray[np.float32]:
    """The words as float32 mono at 16 kHz, 0.2 s of silence around them. Skips the test where flite is missing."""
    if reason := _why_not():
        pytest.skip(reason)
    return np.frombuffer(_spoken(text, voice), np.float32).copy()


@lru_cache(maxsize=64)
def _spoken(text: str, voice: Voice) -> bytes:
    quoted = text.replace("'", "\u2019").replace(":", "")
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"flite=text='{quoted}':voice={voice}"]
    done = subprocess.run([*command, "-ar", "16000", "-ac", "1", "-f", "f32le", "-"], capture_output=True, check=True)
    return done.stdout


def silence(seconds: float) -> npt.NDArray[np.float32]:
    """Digital silence at 16 kHz."""
    return np.zeros(round(seconds * 16_000), np.float32)


def hiss(seconds: float, level: float = 0.003, seed: int = 0) -> npt.NDArray[np.float32]:
    """Quiet white noise at 16 kHz with this standard deviation."""
    return np.random.default_rng(seed).normal(0.0, level, round(seconds * 16_000)).astype(np.float32)
