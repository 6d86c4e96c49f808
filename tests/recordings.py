"""Recordings for tests: a call of two speakers, and files that are whole, odd or broken."""

import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from streamer.audio import Samples
from tests.voices import silence, speak

TURNS = (
    ("ann", "Where have you been?"),
    ("ben", "I was at home."),
    ("ann", "That is very good news."),
    ("ben", "Can you believe it?"),
)
# What ffmpeg makes a test recording of: three seconds of sound, and of pictures.
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=3:sample_rate=48000")
BARS = ("-f", "lavfi", "-i", "testsrc=duration=3:rate=25:size=320x240")


def write_wav(path: Path, rows: Samples, rate: int = 16_000) -> Path:
    """Rows [channels, n] as a 16-bit WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setparams((len(rows), 2, rate, rows.shape[1], "NONE", ""))
        file.writeframes((np.ascontiguousarray(rows.T) * 32767).astype("<i2").tobytes())
    return path


def call(turns: tuple[tuple[str, str], ...] = TURNS) -> Samples:
    """Two voices in turn, float32 [2, n], each on a channel of its own."""
    pieces = [silence(0.4)[None].repeat(2, axis=0)]
    for who, words in turns:
        said = np.concatenate([speak(words, "slt" if who == "ann" else "rms"), silence(0.5)])
        pieces.append(np.stack([said, 0 * said] if who == "ann" else [0 * said, said]))
    return np.concatenate([*pieces, silence(0.6)[None].repeat(2, axis=0)], axis=1)


def spans(turns: tuple[tuple[str, str], ...] = TURNS) -> list[tuple[str, float, float, str]]:
    """Who says what in `call`, from when to when: whole turns with the silence that the voices have around them."""
    found, at = [], 0.4
    for who, words in turns:
        length = len(speak(words, "slt" if who == "ann" else "rms")) / 16_000
        found.append((who, round(at, 3), round(at + length, 3), words))
        at += length + 0.5
    return found


def webvtt(cues: list[tuple[str, float, float, str]]) -> str:
    """Speaker, start, end and words as WebVTT with voice tags."""
    return "WEBVTT\n\n" + "\n".join(f"{_clock(s)} --> {_clock(e)}\n<v {who}>{text}</v>\n" for who, s, e, text in cues)


def ffmpeg(*arguments: str | int | Path) -> None:
    """Runs ffmpeg; skips the test where it is missing."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(seconds, 60)
    return f"{int(minutes):02d}:{seconds:06.3f}"
