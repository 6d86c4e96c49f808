"""Temperatures and the threshold of `unsure`, on dev."""

import torch
from torch import Tensor
from torch.nn import functional as F

COVERAGE = 0.8


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature, 0.25 to 8, with the least negative log-likelihood (Guo et al., ICML 2017). Logits [N, C]."""
    grid = torch.logspace(-2, 3, 401, base=2.0)
    losses = torch.stack([F.cross_entropy(logits.float() / t, labels) for t in grid])
    return round(float(grid[losses.argmin()]), 4)


def crossfit_probabilities(logits: Tensor, labels: Tensor, groups: Tensor) -> Tensor:
    """Calibrated probabilities [N, C] where each half of the groups is scaled by the temperature of the other half.

    So that a calibration error can be told on data that the temperature was not fitted on. groups: long [N]. Raises
    ValueError if all are on one side.
    """
    if len((groups % 2).unique()) < 2:  # type: ignore[no-untyped-call]
        raise ValueError("calibration across halves needs both even and odd groups")
    probabilities = torch.empty_like(logits)
    for half in (0, 1):
        mine = groups % 2 == half
        probabilities[mine] = (logits[mine] / fit_temperature(logits[~mine], labels[~mine])).softmax(dim=-1)
    return probabilities


def unsure_below(confidence: Tensor, coverage: float = COVERAGE) -> float:
    """The confidence that a share `coverage` of the readings reaches: below it Undertone says that it is unsure."""
    return round(float(confidence.quantile(1.0 - coverage)), 4)


def selective_accuracy(confidence: Tensor, right: Tensor, threshold: float) -> dict[str, float]:
    """Coverage, and accuracy of the sure and of the unsure readings."""
    sure = confidence >= threshold
    return {
        "coverage": float(sure.float().mean()),
        "accuracy_sure": float(right[sure].float().mean()),
        "accuracy_unsure": float(right[~sure].float().mean()),
    }
