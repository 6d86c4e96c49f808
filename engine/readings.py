"""From answers to readings: what turns express, and why; a batch at a time, since many small operations cost most."""

from collections.abc import Mapping, Sequence
from typing import Final

import torch
from torch import Tensor

from engine.calibration import Calibration, probabilities, subset_name
from engine.fusion import Answers
from engine.labels import EMOTIONS, MODALITIES, Emotion, Modality
from engine.reading import Attended, ModalityReading, Reading
from engine.shapley import Subset, shares
from engine.students import StudentOutput
from engine.verdict import Probabilities, most_probable, named, valence_arousal

_MOST_ATTENDED: Final = 5
_LEAST_ATTENDED: Final = 0.02

Said = Mapping[Modality, StudentOutput]


def readings(
    said: Sequence[Said],
    ways: Sequence[Sequence[Subset]],
    finals: Sequence[int],
    answers: Answers,
    calibration: Calibration,
) -> list[Reading]:
    """A reading of each turn from its answers in its ways, the whole first; only `finals` say what they attended to."""
    temperatures = [calibration.fused[subset_name({m: m in way[0] for m in MODALITIES})] for way in ways]
    fused = _calibrated(answers.logits[:, 0], temperatures)
    labels = [most_probable(shown) for shown in fused]
    places = torch.tensor([EMOTIONS.index(label) for label in labels])[:, None, None]
    values = answers.logits.log_softmax(-1).take_along_dim(places, dim=2).squeeze(2).tolist()
    alone, attended = _alone(said, calibration), _attended(finals, answers)
    found: list[Reading] = []
    for i, (label, shown) in enumerate(zip(labels, fused, strict=True)):
        valence, arousal = valence_arousal(shown)
        unsure = shown[label] < calibration.unsure_below
        why = _why(ways[i], values[i], alone[i])
        turn, past = answers.turns[i], attended.get(i, ())
        found.append(Reading(label, shown, shown[label], unsure, valence, arousal, why, turn, past))
    return found


def _calibrated(logits: Tensor, temperatures: Sequence[float]) -> list[dict[Emotion, float]]:
    """logits: float64 [n, labels], a temperature for each row."""
    return [named(row) for row in probabilities(logits, torch.tensor(temperatures, dtype=torch.float64)[:, None])]


def _alone(said: Sequence[Said], calibration: Calibration) -> list[dict[Modality, Probabilities]]:
    """What each student alone says of each turn."""
    found: list[dict[Modality, Probabilities]] = [{} for _ in said]
    for m in MODALITIES:
        where = [i for i, outputs in enumerate(said) if m in outputs]
        if where:
            logits = torch.stack([said[i][m].logits for i in where]).double()
            for i, shown in zip(where, _calibrated(logits, [calibration.alone[m]] * len(where)), strict=True):
                found[i][m] = shown
    return found


def _why(
    way: Sequence[Subset], values: Sequence[float], alone: Mapping[Modality, Probabilities]
) -> dict[Modality, ModalityReading]:
    """values: the log-probability of the label, seen in each way; some more may follow."""
    whole = way[0]
    weight = shares(dict(zip(way, values, strict=False))) if len(whole) > 1 else dict.fromkeys(whole, 1.0)
    return {m: ModalityReading(weight[m], most_probable(shown), shown) for m, shown in alone.items()}


def _attended(finals: Sequence[int], answers: Answers) -> dict[int, tuple[Attended, ...]]:
    """The earlier turns that weigh most, for each of `finals`, from weights in ring order."""
    if not finals:
        return {}
    window = answers.attended.shape[1]
    most = answers.attended[list(finals)].topk(min(_MOST_ATTENDED, window))
    found: dict[int, tuple[Attended, ...]] = {}
    for i, indices, weights in zip(finals, most.indices.tolist(), most.values.tolist(), strict=True):
        before = answers.turns[i] - 1
        # The turn before this one lies at ring index (turn - 1) % W, and so on back.
        each = zip(indices, weights, strict=True)
        found[i] = tuple(Attended(before - (before - at) % window, w) for at, w in each if w >= _LEAST_ATTENDED)
    return found
