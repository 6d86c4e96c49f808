"""Made-up utterances of a fixed size: what a network costs depends on how much it reads, not on what it says."""

import random
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from engine import Utterance
from engine.utterance import FACE_SIZE, SAMPLE_RATE

SECONDS: Final = 3.0
FACES: Final = 10
WORDS: Final = 10
PAST: Final = 6  # turns that the text student reads before the one in question
_chance: Final = random.Random(1)  # noqa: S311 - no secret
_WORDS: Final = ("well", "yes", "no", "we", "saw", "it", "all", "rain", "late", "again", "great", "why", "not", "sure")


def utterance(seed: int, speaker: str = "A") -> Utterance:
    """SECONDS of noise for a voice, WORDS words, FACES pictures of noise for a face."""
    noise = np.random.default_rng(seed)
    voice = noise.normal(0, 0.1, int(SECONDS * SAMPLE_RATE)).astype(np.float32)
    pictures = noise.integers(0, 256, (FACES, FACE_SIZE, FACE_SIZE), dtype=np.uint8)
    return Utterance(speaker, words(seed), voice, pictures)


def reworded(spoken: Utterance) -> Utterance:
    """With other words, where it has some: what words are in a prompt is kept, and costs nothing again."""
    return replace(spoken, text=" ".join(_chance.choices(_WORDS, k=WORDS))) if spoken.present["text"] else spoken


def unseen(spoken: Utterance) -> Utterance:
    """Likewise with other pictures too: what was said of a picture is kept."""
    begin = _chance.randrange(len(_noise()) - FACES * FACE_SIZE**2)
    pictures = _noise()[begin : begin + FACES * FACE_SIZE**2].reshape(FACES, FACE_SIZE, FACE_SIZE)
    return replace(reworded(spoken), faces=pictures)


@cache
def _noise() -> npt.NDArray[np.uint8]:
    """To cut pictures from, hardly ever twice the same."""
    return np.random.default_rng(1).integers(0, 256, 2**24, dtype=np.uint8)


def words(seed: int) -> str:
    """WORDS words, separated by spaces."""
    return " ".join(random.Random(seed).choices(_WORDS, k=WORDS))  # noqa: S311 - no secret
