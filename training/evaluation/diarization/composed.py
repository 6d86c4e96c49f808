"""Composed dialogues: acted clips of several speakers laid one after another, seldom over one another.

No conversation: who takes turns here never met, acts one or two sentences in seven emotions, and sits in another room.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.utterance import SAMPLE_RATE
from training.clips import read_pcm, trim
from training.corpora.voices import Clip, read_voices
from training.evaluation.diarization.rttm import Spoken

_SECONDS: Final = 60.0
_POOLS: Final = ("ravdess", "nemo", "all")
_SPEAKERS: Final = (2, 3, 4)
_LEVEL: Final = 0.05  # root mean square
_OVERLAPPING: Final = 0.2  # share of turns that begin before the last has ended

Samples = npt.NDArray[np.float32]


def compose(root: Path, seed: int = 1) -> Iterator[tuple[str, Samples, list[Spoken]]]:
    """Nine minutes: name, sound at 16 kHz, and who speaks when; always the same for a seed. Raises MissingCorpus."""
    clips = read_voices(root)
    for pool in _POOLS:
        for speakers in _SPEAKERS:
            name = f"{pool}-{speakers}"
            yield name, *_dialogue(clips, pool, speakers, random.Random(f"{seed} {name}"))  # noqa: S311


def _dialogue(clips: Sequence[Clip], pool: str, speakers: int, draw: random.Random) -> tuple[Samples, list[Spoken]]:
    by_speaker: defaultdict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if pool in ("all", clip.corpus):
            by_speaker[clip.speaker].append(clip)
    gains = {who: 10 ** (draw.uniform(-10, 0) / 20) for who in draw.sample(sorted(by_speaker), speakers)}
    sound: Samples = np.zeros(round(_SECONDS * SAMPLE_RATE), np.float32)
    spoken: list[Spoken] = []
    now, last = draw.uniform(0.2, 1.0), ""
    while True:
        last = draw.choice([who for who in gains if who != last])
        for clip in draw.sample(by_speaker[last], draw.choice((1, 1, 1, 2, 2, 3))):
            pcm, at = trim(read_pcm(clip.path)), round(now * SAMPLE_RATE)
            if at + len(pcm) > len(sound):
                return _with_noise(sound, draw), spoken
            sound[at : at + len(pcm)] += pcm * (_LEVEL * gains[last] / max(float(np.sqrt(np.square(pcm).mean())), 1e-6))
            spoken.append(Spoken(now, now + len(pcm) / SAMPLE_RATE, last))
            now += len(pcm) / SAMPLE_RATE + draw.uniform(0.1, 0.3)
        now += draw.uniform(-1.2, -0.3) if draw.random() < _OVERLAPPING else draw.uniform(0.1, 0.8)


def _with_noise(sound: Samples, draw: random.Random) -> Samples:
    level = _LEVEL * 10 ** (-draw.uniform(25, 40) / 20)
    noise = np.random.default_rng(draw.getrandbits(32)).normal(0, level, len(sound))
    noisy: Samples = (sound + noise).astype(np.float32)
    return noisy
