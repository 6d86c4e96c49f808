"""From true labels and logits to the figures that are printed and written."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from pydantic import JsonValue
from torch import Tensor

from training import metrics

Scores = dict[str, JsonValue]

HEADLINE: Final = ("weighted_f1", "macro_f1", "accuracy", "uar", "ece")


class CannotScore(Exception):
    """What was given can't be scored; the sentence says why, and what to do."""


def figures(true: Tensor, logits: Tensor, labels: Sequence[str], temperature: float | Tensor = 1.0) -> Scores:
    """All figures of readings, as fractions. Raises CannotScore if there are none.

    true: long [n]; logits: [n, C] of `labels`; temperature: as the bundle is shipped with, one or one a row [n].
    Macro F1 and UAR are over the classes that occur in `true`; `confusion` has a row for each true label.
    """
    if not len(true):
        raise CannotScore("there is nothing to score: the corpus has no rows")
    wanted, said, classes = true.numpy(), logits.argmax(dim=-1).numpy(), len(labels)
    table = metrics.confusion(wanted, said, classes)
    common: npt.NDArray[np.int64] = np.full_like(wanted, np.bincount(wanted).argmax())
    scale = temperature.unsqueeze(1) if isinstance(temperature, Tensor) else temperature
    raw, calibrated = (rows.double().softmax(dim=-1).numpy() for rows in (logits, logits.double() / scale))
    return {
        "n": len(wanted),
        "weighted_f1": metrics.weighted_f1(wanted, said, classes),
        "macro_f1": metrics.macro_f1(wanted, said, classes),
        "accuracy": metrics.accuracy(wanted, said),
        "uar": metrics.unweighted_recall(wanted, said, classes),
        "ece": metrics.calibration_error(wanted, calibrated),
        "ece_uncalibrated": metrics.calibration_error(wanted, raw),
        "majority_accuracy": metrics.accuracy(wanted, common),
        "majority_weighted_f1": metrics.weighted_f1(wanted, common, classes),
        "majority_macro_f1": metrics.macro_f1(wanted, common, classes),
        "chance_uar": 1.0 / int((table.sum(axis=1) > 0).sum()),
        "labels": list(labels),
        "f1": dict(zip(labels, metrics.f1_per_class(table).tolist(), strict=True)),
        "counts": dict(zip(labels, table.sum(axis=1).tolist(), strict=True)),
        "confusion": table.tolist(),
    }


def among(
    true: Tensor, logits: Tensor, labels: Sequence[str], chosen: Sequence[int]
) -> tuple[Tensor, Tensor, list[str]]:
    """The same rows as a choice among fewer labels: their true indices, logits and names. chosen: indices, sorted."""
    where = torch.full((len(labels),), -1)
    where[list(chosen)] = torch.arange(len(chosen))
    return where[true], logits[:, list(chosen)], [labels[index] for index in chosen]
