"""From answers to readings: what turns express, and why; a batch at a time, since many small operations cost most."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import torch
from torch import Tensor

from engine.calibration import Calibration, subset_name
from engine.fusion import Answers
from engine.labels import EMOTIONS, MODALITIES, Emotion, Modality
from engine.reading import Attended, ModalityReading, Reading
from engine.shapley import Subset, shares, subsets
from engine.students import StudentOutput
from engine.verdict import Verdict, valence_arousal, verdicts

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
    wholes = [way[0] for way in ways]
    fused = verdicts(answers.logits[:, 0], [calibration.fused[_name(whole)] for whole in wholes])
    weights = _weights(wholes, answers.logits, [verdict.label for verdict in fused])
    alone, attended = _alone(said, calibration), _attended(finals, answers)
    found: list[Reading] = []
    for i, verdict in enumerate(fused):
        valence, arousal = valence_arousal(verdict.probabilities)
        unsure = verdict.confidence < calibration.unsure_below
        why = {m: ModalityReading(weights[i][m], own.label, own.probabilities) for m, own in alone[i].items()}
        shown = (verdict.label, verdict.probabilities, verdict.confidence, unsure, valence, arousal)
        found.append(Reading(*shown, why, answers.turns[i], attended.get(i, ())))
    return found


@cache
def _name(whole: Subset) -> str:
    return subset_name({m: m in whole for m in MODALITIES})


def _weights(wholes: Sequence[Subset], logits: Tensor, labels: Sequence[Emotion]) -> list[Mapping[Modality, float]]:
    """How much each modality weighed, by the log-probability of the label seen in each way; logits: [B, R, labels]."""
    places = torch.tensor([EMOTIONS.index(label) for label in labels])[:, None, None]
    values = logits.log_softmax(-1).take_along_dim(places, dim=2).squeeze(2).numpy()
    found: list[Mapping[Modality, float]] = [dict.fromkeys(whole, 1.0) for whole in wholes]
    for whole in {whole for whole in wholes if len(whole) > 1}:
        rows = [i for i, other in enumerate(wholes) if other == whole]
        for i, weight in zip(rows, shares(whole, values[rows, : len(subsets(whole))]), strict=True):
            found[i] = weight
    return found


def _alone(said: Sequence[Said], calibration: Calibration) -> list[dict[Modality, Verdict]]:
    """What each student alone says of each turn."""
    found: list[dict[Modality, Verdict]] = [{} for _ in said]
    for m in MODALITIES:
        where = [i for i, outputs in enumerate(said) if m in outputs]
        if where:
            logits = torch.stack([said[i][m].logits for i in where]).double()
            for i, verdict in zip(where, verdicts(logits, [calibration.alone[m]] * len(where)), strict=True):
                found[i][m] = verdict
    return found


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
