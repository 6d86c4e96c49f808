"""The sample conversation as one mixed track, with who says what when."""

import wave
from functools import cache
from pathlib import Path

import numpy as np

from engine.utterance import SAMPLE_RATE
from streamer.audio import Samples
from streamer.sample import SAMPLE
from streamer.sources.file import AudioChunk, FileSource

Cue = tuple[float, float, int]


@cache
def two_voices(seconds: float = 31.0) -> Samples:
    """Its beginning, float32 [2, n] at 16 kHz: two synthetic voices, a woman's and a man's, that take turns."""
    tracks: dict[str, list[Samples]] = {}
    for item in FileSource.open(SAMPLE):
        if isinstance(item, AudioChunk) and item.time < seconds:
            tracks.setdefault(item.speaker, []).append(item.pcm)
    return np.stack([np.concatenate(chunks)[: round(seconds * SAMPLE_RATE)] for chunks in tracks.values()])


def mixed_conversation(seconds: float = 31.0) -> Samples:
    """The two as one track, float32."""
    mixed: Samples = two_voices(seconds).sum(axis=0, dtype=np.float32)
    return mixed


# From the transcript beside it, rounded: start, end, and which of the two speaks.
CUES: tuple[Cue, ...] = (
    (0.6, 2.8, 0),
    (3.5, 7.5, 1),
    (8.3, 11.9, 0),
    (12.4, 15.1, 1),
    (15.7, 17.7, 0),
    (18.5, 20.7, 1),
    (21.4, 26.0, 0),
    (26.6, 30.2, 1),
)


def write_wav(path: Path, pcm: Samples) -> Path:
    """Sound, float32 at 16 kHz, as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(pcm, -1, 1) * 32767).astype("<i2").tobytes())
    return path
