"""Made-up utterances of a fixed size: what a network costs depends on how much it reads, not on what it says."""

import random
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from engine import Utterance
from engine.utterance import FACE_SIZE, SAMPLE_RATE

SECONDS: Final = 3.0
FACES: Final = 10
WORDS: Final = 10
PAST: Final = 6  # turns that the text student reads before the one in question
_others = np.random.default_rng(1)
_WORDS: Final = ("well", "yes", "no", "we", "saw", "it", "all", "rain", "late", "again", "great", "why", "not", "sure")


def utterance(seed: int, speaker: str = "A") -> Utterance:
    """SECONDS of noise for a voice, WORDS words, FACES pictures of noise for a face."""
    noise = np.random.default_rng(seed)
    voice = noise.normal(0, 0.1, int(SECONDS * SAMPLE_RATE)).astype(np.float32)
    return Utterance(speaker, words(seed), voice, _pictures(noise))


def unseen(spoken: Utterance) -> Utterance:
    """The same words and voice with other pictures: what was said of a picture is kept, and costs nothing again."""
    return replace(spoken, faces=_pictures(_others))


def _pictures(noise: np.random.Generator) -> npt.NDArray[np.uint8]:
    return noise.integers(0, 256, (FACES, FACE_SIZE, FACE_SIZE), dtype=np.uint8)


def words(seed: int) -> str:
    """WORDS words, separated by spaces."""
    return " ".join(random.Random(seed).choices(_WORDS, k=WORDS))  # noqa: S311 - no secret
