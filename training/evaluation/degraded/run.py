"""`undertone eval --degraded`: all students of a bundle, or some."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

from engine.bundle import Bundle
from training.corpora.faces import read_faces
from training.corpora.meld import read_meld
from training.corpora.voices import read_voices
from training.evaluation.degraded.face import score_pictures
from training.evaluation.degraded.recogniser import NoVoice
from training.evaluation.degraded.voice import score_voices
from training.evaluation.degraded.words import score_recognised, score_words
from training.evaluation.scores import CannotScore, Scores

Part = Literal["voice", "face", "words"]

PARTS: Final[tuple[Part, ...]] = get_args(Part)
DIALOGUES: Final = 30  # some minutes of reading aloud
CACHE: Final = "recognised-meld-dev.json"


@dataclass(slots=True)
class SideBySide:
    """parts: for each part its conditions, "clean" the first. left_out: sentences on what could not be done here."""

    parts: dict[str, dict[str, Scores]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def parts_of(only: str | None) -> tuple[Part, ...]:
    """The part of this name, all without one. Raises CannotScore."""
    chosen = tuple(part for part in PARTS if only in (None, part))
    if not chosen:
        raise CannotScore(f"--only {only} is no part: give {', '.join(PARTS)}")
    return chosen


def degraded(
    bundle: Bundle, data: Path, runs: Path, parts: Sequence[Part] = PARTS, limit: int = DIALOGUES
) -> SideBySide:
    """Judge on dev, clean and degraded. limit: dialogues for the words; what is recognised is kept in `runs`.

    Raises CannotScore or MissingCorpus.
    """
    result = SideBySide()
    if "voice" in parts:
        result.parts["voice"] = score_voices(bundle, read_voices(data))
    if "face" in parts:
        result.parts["face"] = score_pictures(bundle, read_faces(data, "dev"))
    if "words" in parts:
        dialogues = read_meld(data, "dev")
        result.parts["words"] = score_words(bundle, dialogues, limit)
        try:
            result.parts["words"]["recognised"] = score_recognised(bundle, dialogues, limit, runs / CACHE)
        except NoVoice as error:
            result.left_out.append(f"The row of recognised words is left out: {error}.")
    return result
