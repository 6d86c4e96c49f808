"""Random utterances with any set of modalities: noise for a voice, noise for a face, words from a short list."""

import random
from collections.abc import Collection

import numpy as np

from engine import MODALITIES, Utterance
from engine.labels import Modality
from engine.utterance import FACE_SIZE, SAMPLE_RATE

WORDS = ["yes", "no", "well", "we", "saw", "it", "all", "rain", "late", "again", "great", "thanks", "why", "not"]


def random_utterance(rng: random.Random, speaker: str, modalities: Collection[Modality] = MODALITIES) -> Utterance:
    """One of 0.3 to 0.6 s, one to five words, one to four faces; only what `modalities` names."""
    noise = np.random.default_rng(rng.getrandbits(32))
    return Utterance(
        speaker,
        text=" ".join(rng.choices(WORDS, k=rng.randint(1, 5))) if "text" in modalities else None,
        audio=noise.normal(0, 0.1, int(SAMPLE_RATE * rng.uniform(0.31, 0.6))).astype(np.float32)
        if "audio" in modalities
        else None,
        faces=noise.integers(0, 256, (rng.randint(1, 4), FACE_SIZE, FACE_SIZE), dtype=np.uint8)
        if "video" in modalities
        else None,
    )
