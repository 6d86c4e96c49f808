"""The recorded utterances that the audio and video teachers learn from, by corpus; nothing here is decoded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from engine.labels import EMOTIONS
from training.corpora import MissingCorpus, iemocap
from training.corpora.iemocap import read_iemocap_recordings
from training.corpora.media import Media
from training.corpora.meld import read_meld, read_meld_media
from training.corpora.voices import read_voices

Conversations = Literal["meld", "iemocap"]


@dataclass(frozen=True, slots=True)
class Source:
    """Utterances that have what is asked for, in the corpus's order; labels: long [n]."""

    media: Sequence[Media]
    labels: Tensor

    @classmethod
    def of(cls, found: Iterable[tuple[Media, int]]) -> "Source":
        media, labels = zip(*found, strict=True)
        return cls(media, torch.tensor(labels))


def classes_of(corpus: str) -> Sequence[str]:
    """The labels of a corpus, by name."""
    return iemocap.LABELS if corpus == "iemocap" else EMOTIONS


def read_sounds(corpus: Conversations | Literal["voices"], data: Path, split: str) -> Source:
    """Utterances with sound. voices: the acted clips of the student's speakers, or all others. Raises MissingCorpus."""
    if corpus == "voices":
        clips = [clip for clip in read_voices(data) if (clip.share == "student") == (split == "train")]
        return _found(((Media(clip.path), clip.label) for clip in clips), f"acted clips for {split}", data)
    turns = ((media, label) for media, label in _turns(corpus, data, split) if media.sound is not None)
    return _found(turns, f"sound of {corpus}'s {split} split", data)


def read_films(corpus: Conversations, data: Path, split: str) -> Source:
    """Utterances with pictures. Raises MissingCorpus if there are none."""
    turns = ((media, label) for media, label in _turns(corpus, data, split) if media.video is not None)
    return _found(turns, f"pictures of {corpus}'s {split} split", data)


def _turns(corpus: Conversations, data: Path, split: str) -> Iterable[tuple[Media, int]]:
    if corpus == "meld":
        for dialogue, media in zip(read_meld(data, split), read_meld_media(data, split), strict=True):
            yield from zip(media, dialogue.labels, strict=True)
    else:
        for recording in read_iemocap_recordings(data, split):
            yield from zip(recording.media, recording.dialogue.labels, strict=True)


def _found(turns: Iterable[tuple[Media, int]], what: str, data: Path) -> Source:
    found = list(turns)
    if not found:
        raise MissingCorpus(f"{data} holds no {what}: put the corpus's media there in its official folders")
    return Source.of(found)
