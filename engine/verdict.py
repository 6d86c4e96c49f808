"""From logits to words: what every reading shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.calibration import probabilities
from engine.labels import CIRCUMPLEX, EMOTIONS, Emotion

Probabilities = Mapping[Emotion, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """label: the most probable emotion, of equals the first in EMOTIONS; probabilities: calibrated, sum 1."""

    label: Emotion
    probabilities: Probabilities

    @property
    def confidence(self) -> float:
        """The probability of the label."""
        return self.probabilities[self.label]


def verdicts(logits: Tensor, temperatures: Sequence[float]) -> list[Verdict]:
    """Of logits float64 [n, labels], with a temperature for each row."""
    said = probabilities(logits, torch.tensor(temperatures, dtype=torch.float64)[:, None])
    best = said.numpy().argmax(axis=1).tolist()
    return [
        Verdict(EMOTIONS[i], dict(zip(EMOTIONS, row, strict=True))) for i, row in zip(best, said.tolist(), strict=True)
    ]


def valence_arousal(probabilities: Probabilities) -> tuple[float, float]:
    """The expectation of the published circumplex coordinates under the probabilities, each -1 to 1."""
    valence = sum(share * CIRCUMPLEX[emotion][0] for emotion, share in probabilities.items())
    arousal = sum(share * CIRCUMPLEX[emotion][1] for emotion, share in probabilities.items())
    return valence, arousal
