"""From probabilities to words: the small steps that every reading shares."""

from collections.abc import Mapping

from torch import Tensor

from engine.labels import CIRCUMPLEX, EMOTIONS, Emotion

Probabilities = Mapping[Emotion, float]


def named(row: Tensor) -> dict[Emotion, float]:
    """Probabilities [7] by emotion."""
    return dict(zip(EMOTIONS, row.tolist(), strict=True))


def most_probable(probabilities: Probabilities) -> Emotion:
    """The emotion with the highest probability; of equals the first in EMOTIONS."""
    return max(EMOTIONS, key=lambda emotion: probabilities[emotion])


def valence_arousal(probabilities: Probabilities) -> tuple[float, float]:
    """The expectation of the published circumplex coordinates under the probabilities, each -1 to 1."""
    valence = sum(share * CIRCUMPLEX[emotion][0] for emotion, share in probabilities.items())
    arousal = sum(share * CIRCUMPLEX[emotion][1] for emotion, share in probabilities.items())
    return valence, arousal
