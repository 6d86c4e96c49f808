"""The voice student on the speakers kept from it, clean and degraded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.random import Generator

from engine.bundle import Bundle
from engine.labels import EMOTIONS
from engine.utterance import MIN_AUDIO_SECONDS, SAMPLE_RATE
from training.clips import trim
from training.corpora.voices import Clip
from training.evaluation.degraded import sound
from training.evaluation.degraded.table import beside
from training.evaluation.progress import progress
from training.evaluation.recordings import read_sound
from training.evaluation.scores import CannotScore, Scores, among, figures
from training.evaluation.students import Pcm, Spoken, voice_outputs

_POOL: Final = 48  # clips of a corpus of which babble is made
_SHORTEST: Final = int(MIN_AUDIO_SECONDS * SAMPLE_RATE)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One clip without the silence around it. others: clips by other speakers of its corpus; rng: the clip's own."""

    pcm: Pcm
    others: Sequence[Pcm]
    rng: Generator


Change = Callable[[Heard], Pcm]


def _noise(snr_db: float) -> Change:
    return lambda heard: sound.with_noise(heard.pcm, sound.white(len(heard.pcm), heard.rng), snr_db)


def _babble(snr_db: float) -> Change:
    return lambda heard: sound.with_noise(heard.pcm, sound.babble(len(heard.pcm), heard.others, heard.rng), snr_db)


def _room(rt60: float) -> Change:
    response = sound.impulse_response(rt60, np.random.default_rng(int(1000 * rt60)))
    return lambda heard: sound.in_room(heard.pcm, response)


CONDITIONS: Final[Mapping[str, Change]] = {
    "clean": lambda heard: heard.pcm,
    "noise_20db": _noise(20.0),
    "noise_10db": _noise(10.0),
    "babble_20db": _babble(20.0),
    "babble_10db": _babble(10.0),
    "room_0.4s": _room(0.4),
    "room_0.8s": _room(0.8),
    "gain_minus_20db": lambda heard: sound.quieter(heard.pcm, 20.0),
    "gain_plus_12db_clipped": lambda heard: sound.clipped(heard.pcm, 12.0),
    "opus_16kbit": lambda heard: sound.opus(heard.pcm, 16_000),
    "opus_8kbit": lambda heard: sound.opus(heard.pcm, 8_000),
    "telephone": lambda heard: sound.telephone(heard.pcm),
    "cut_20_percent_each_end": lambda heard: sound.cut(heard.pcm, 0.2),
}


def score_voices(bundle: Bundle, voices: Sequence[Clip]) -> dict[str, Scores]:
    """For each condition the mean UAR over the corpora that have speakers kept from the student, and each corpus.

    The choice is among the labels that occur in a corpus. Silence is trimmed before a change and again after it, as a
    segmenter that noise does not fool would find the utterance. Raises CannotScore.
    """
    corpora = sorted({clip.corpus for clip in voices if clip.share != "student"})
    if not corpora:
        raise CannotScore("there are no voice clips by speakers that were kept from the student")
    by_corpus = {corpus: _corpus(bundle, [c for c in voices if c.corpus == corpus]) for corpus in corpora}
    rows = {name: _together({corpus: by_corpus[corpus][name] for corpus in corpora}) for name in CONDITIONS}
    compared = ("uar", *(f"uar_{corpus}" for corpus in corpora))
    return {name: beside(row, rows["clean"], compared) for name, row in rows.items()}


def _together(corpora: Mapping[str, Scores]) -> Scores:
    uar = {corpus: float(str(scores["uar"])) for corpus, scores in corpora.items()}
    return {
        "n": sum(int(str(scores["n"])) for scores in corpora.values()),
        "uar": sum(uar.values()) / len(uar),
        **{f"uar_{corpus}": value for corpus, value in uar.items()},
        "corpora": dict(corpora),
    }


def _corpus(bundle: Bundle, clips: Sequence[Clip]) -> dict[str, Scores]:
    mine = [clip for clip in clips if clip.share != "student"]
    pool = [(clip.speaker, read_sound(clip.path)) for clip in clips[:: max(1, len(clips) // _POOL)]]
    decoded = [read_sound(clip.path) for clip in progress(mine, f"decoding {mine[0].corpus}")]
    true = torch.tensor([clip.label for clip in mine], dtype=torch.long)
    scores: dict[str, Scores] = {}
    for name, change in CONDITIONS.items():
        said = voice_outputs(bundle, _spoken(mine, decoded, pool, name, change)).logits
        few = among(true, said, EMOTIONS, sorted(set(true.tolist())))
        scores[name] = figures(*few, bundle.calibration.alone["audio"])
    return scores


def _spoken(
    clips: Sequence[Clip], decoded: Sequence[Pcm], pool: Sequence[Spoken], name: str, change: Change
) -> Iterator[Spoken]:
    pairs = list(zip(clips, decoded, strict=True))
    for index, (clip, pcm) in enumerate(progress(pairs, f"{clips[0].corpus}, {name}")):
        others = [theirs for speaker, theirs in pool if speaker != clip.speaker]
        if not others:
            raise CannotScore(f"{clip.corpus} has one speaker only: babble is made of others' clips")
        changed = change(Heard(pcm, others, np.random.default_rng(index)))
        yield clip.speaker, trim(np.pad(changed, (0, max(0, _SHORTEST - len(changed)))))
