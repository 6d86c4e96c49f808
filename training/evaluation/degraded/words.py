"""The text student on MELD, as it is written and as recognisers write, context included."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.bundle import Bundle
from engine.prompt import Turn
from training.corpora.dialogue import Dialogue
from training.evaluation.degraded.recogniser import recognise
from training.evaluation.degraded.table import beside
from training.evaluation.dialogues import score_text
from training.evaluation.scores import CannotScore, Scores
from training.text import plain_text

_APOSTROPHE = re.compile("['’]")
_COMPARED = ("weighted_f1", "macro_f1")


def without_apostrophes(text: str) -> str:
    """As `plain_text`, and "don't" is "dont"."""
    return _APOSTROPHE.sub("", plain_text(text))


def score_words(bundle: Bundle, dialogues: Sequence[Dialogue], limit: int) -> dict[str, Scores]:
    """For each form of the first `limit` dialogues weighted and macro F1: as written, plain, without apostrophes."""
    chosen = dialogues[:limit]
    if not chosen:
        raise CannotScore("there is nothing to score: the corpus has no dialogues")
    clean = score_text(bundle, chosen)
    rows = {
        "clean": clean,
        "plain": score_text(bundle, _rewritten(chosen, plain_text)),
        "without_apostrophes": score_text(bundle, _rewritten(chosen, without_apostrophes)),
    }
    return {name: beside(row, clean, _COMPARED) for name, row in rows.items()}


def score_recognised(bundle: Bundle, dialogues: Sequence[Dialogue], limit: int, cache: Path) -> Scores:
    """The first `limit` dialogues read aloud and recognised, with the word error rate; `unheard`: turns without a word.

    Raises NoVoice if there is nothing to read them aloud.
    """
    chosen = dialogues[:limit]
    heard = recognise(chosen, cache)
    said = [turn.text for dialogue in chosen for turn in dialogue.turns]
    words = [turn.text for dialogue in heard for turn in dialogue.turns]
    return {
        **beside(score_text(bundle, heard), score_text(bundle, chosen), _COMPARED),
        "word_error_rate": word_error_rate(said, words),
        "unheard": sum(not text for text in words),
    }


def word_error_rate(said: Sequence[str], heard: Sequence[str]) -> float:
    """Words substituted, left out and put in, over the words said; case and punctuation do not count."""
    pairs = [(_words(true), _words(ours)) for true, ours in zip(said, heard, strict=True)]
    return sum(_edits(true, ours) for true, ours in pairs) / max(1, sum(len(true) for true, _ in pairs))


def _words(text: str) -> list[str]:
    return plain_text(text.replace("’", "'")).split()


def _edits(true: Sequence[str], ours: Sequence[str]) -> int:
    """The Levenshtein distance between two rows of words."""
    row = np.arange(len(ours) + 1)
    for count, word in enumerate(true, start=1):
        above, row = row, np.full(len(ours) + 1, count)
        for index, other in enumerate(ours, start=1):
            row[index] = min(above[index] + 1, row[index - 1] + 1, above[index - 1] + (word != other))
    return int(row[-1])


def _rewritten(dialogues: Sequence[Dialogue], change: Callable[[str], str]) -> list[Dialogue]:
    return [replace(d, turns=tuple(Turn(turn.speaker, change(turn.text)) for turn in d.turns)) for d in dialogues]
