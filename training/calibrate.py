"""Temperatures and the threshold of `unsure`, on dev."""

import torch
from torch import Tensor
from torch.nn import functional as F

from training.metrics import macro_f1, weighted_f1

_RIGHT = 0.7  # of what is not called unsure
_LEAST_COVERAGE = 0.6


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature, 0.25 to 8, with the least negative log-likelihood (Guo et al., ICML 2017). Logits [N, C]."""
    grid = torch.logspace(-2, 3, 401, base=2.0)
    losses = torch.stack([F.cross_entropy(logits.float() / t, labels) for t in grid])
    return round(float(grid[losses.argmin()]), 4)


def adjusted(logits: Tensor, prior: Tensor, strength: float) -> Tensor:
    """Logits [N, C] after logit adjustment (Menon et al., ICLR 2021): rare labels are raised. prior: [C]."""
    return logits - strength * prior.log()


def choose_adjustment(logits: Tensor, labels: Tensor, prior: Tensor) -> float:
    """The strength, 0 to 1, of logit adjustment after training with the best macro F1, of those with which weighted F1
    does not fall. Logits [N, C], labels [N], prior [C]."""
    true, classes = labels.numpy(), logits.shape[1]
    scored = []
    for strength in [round(0.1 * step, 1) for step in range(11)]:
        said = adjusted(logits, prior, strength).argmax(dim=-1).numpy()
        scored.append((macro_f1(true, said, classes), weighted_f1(true, said, classes), strength))
    floor = scored[0][1]
    return max((macro, strength) for macro, weighted, strength in scored if weighted >= floor)[1]


def risk_coverage(confidence: Tensor, right: Tensor) -> list[tuple[float, float]]:
    """How often the surest share of the readings is wrong: (coverage, risk) for each tenth."""
    order = right[confidence.argsort(descending=True)].float()
    counts = [max(1, round(len(order) * tenth / 10)) for tenth in range(1, 11)]
    return [(tenth / 10, float(1.0 - order[:count].mean())) for tenth, count in enumerate(counts, start=1)]


def unsure_below(confidence: Tensor, right: Tensor) -> float:
    """The confidence under which Undertone says that it is unsure: with it, as many readings as possible are sure and
    seven of ten of these are right; at least six of ten readings are sure."""
    order = confidence.argsort(descending=True)
    accuracy = right[order].float().cumsum(0) / torch.arange(1, len(order) + 1)
    enough = (accuracy >= _RIGHT).nonzero().flatten()
    covered = max(int(enough[-1]) + 1 if len(enough) else 0, round(_LEAST_COVERAGE * len(order)))
    return round(float(confidence[order[covered - 1]]), 4)


def selective_accuracy(confidence: Tensor, right: Tensor, threshold: float) -> dict[str, float]:
    """Coverage, and accuracy of the sure and of the unsure readings."""
    sure = confidence >= threshold
    return {
        "coverage": float(sure.float().mean()),
        "accuracy_sure": float(right[sure].float().mean()),
        "accuracy_unsure": float(right[~sure].float().mean()),
    }
