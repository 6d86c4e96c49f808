"""From logits to labels: calibrated row by row."""

import pytest
import torch

from engine.labels import EMOTIONS
from engine.verdict import valence_arousal, verdicts


def test_each_row_has_its_own_temperature() -> None:
    logits = torch.tensor([[2.0, 0.0, 0.0, 0.0, 0.0, 0.0, -2.0]] * 2, dtype=torch.float64)
    sharp, soft = verdicts(logits, [1.0, 4.0])
    for verdict, temperature in ((sharp, 1.0), (soft, 4.0)):
        assert verdict.label == EMOTIONS[0]
        assert list(verdict.probabilities.values()) == pytest.approx((logits[0] / temperature).softmax(0).tolist())
        assert verdict.confidence == verdict.probabilities[EMOTIONS[0]]
    assert soft.confidence < sharp.confidence


def test_of_equals_the_first_is_the_label() -> None:
    logits = torch.zeros(1, 7, dtype=torch.float64)
    logits[0, 2] = logits[0, 5] = 1.0
    assert verdicts(logits, [1.0])[0].label == EMOTIONS[2]


def test_valence_and_arousal_are_those_of_the_emotion_that_is_sure() -> None:
    assert valence_arousal({emotion: float(emotion == "joy") for emotion in EMOTIONS}) == (0.81, 0.51)
