"""Metrics, losses and calibration against numbers worked out by hand."""

import numpy as np
import pytest
import torch

from training.calibrate import crossfit_probabilities, fit_temperature, selective_accuracy, unsure_below
from training.losses import dist_loss, soft_cross_entropy
from training.metrics import accuracy, calibration_error, macro_f1, unweighted_recall, weighted_f1

TRUE, SAID = np.array([0, 0, 0, 1, 2]), np.array([0, 0, 1, 1, 0])


def test_scores_by_hand() -> None:
    f1 = [2 * 2 / (3 + 3), 2 * 1 / (1 + 2), 0.0]
    assert accuracy(TRUE, SAID) == pytest.approx(3 / 5)
    assert weighted_f1(TRUE, SAID) == pytest.approx((3 * f1[0] + f1[1]) / 5)
    assert macro_f1(TRUE, SAID) == pytest.approx(sum(f1) / 3)
    assert unweighted_recall(TRUE, SAID) == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_scores_are_those_of_scikit_learn() -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    true, said = np.random.default_rng(0).integers(0, 7, (2, 500))
    assert weighted_f1(true, said) == pytest.approx(sklearn.f1_score(true, said, average="weighted"))
    assert macro_f1(true, said) == pytest.approx(sklearn.f1_score(true, said, average="macro"))
    assert unweighted_recall(true, said) == pytest.approx(sklearn.balanced_accuracy_score(true, said))


def test_the_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    sure = np.tile([0.9, 0.1], (10, 1))
    assert calibration_error(np.array([0] * 9 + [1]), sure) == pytest.approx(0.0)
    assert calibration_error(np.array([0] * 5 + [1] * 5), sure) == pytest.approx(0.4)


def test_the_temperature_undoes_overconfidence() -> None:
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn(4_000, 7, generator=generator)
    labels = torch.multinomial(honest.softmax(dim=1), 1, generator=generator).squeeze(1)
    assert fit_temperature(honest, labels) == pytest.approx(1.0, rel=0.1)
    assert fit_temperature(3 * honest, labels) == pytest.approx(3.0, rel=0.1)


def test_each_half_is_calibrated_by_the_other() -> None:
    logits = torch.tensor([[2.0, 0.0]]).repeat(40, 1)
    groups = torch.arange(40)
    labels = torch.where(groups % 2 == 0, 0, groups // 2 % 2)  # even groups always right, odd ones half the time
    confidence = crossfit_probabilities(logits, labels, groups)[:, 0]
    assert confidence[0] < 0.6
    assert confidence[1] > 0.99


def test_unsure_is_the_least_sure_fifth() -> None:
    confidence = torch.linspace(0, 1, 101)
    threshold = unsure_below(confidence)
    kept = selective_accuracy(confidence, confidence > 0.5, threshold)
    assert threshold == pytest.approx(0.2)
    assert kept["coverage"] == pytest.approx(0.8, abs=0.01)
    assert kept["accuracy_sure"] > 0.6 > kept["accuracy_unsure"]


def test_soft_labels_that_are_hard_give_plain_cross_entropy() -> None:
    logits, labels = torch.randn(5, 7), torch.tensor([0, 1, 2, 3, 4])
    hard = torch.nn.functional.one_hot(labels, 7).float()
    for smoothing in (0.0, 0.1):
        plain = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=smoothing)
        assert torch.allclose(soft_cross_entropy(logits, hard, smoothing), plain)


def test_dist_asks_for_the_teachers_relations_not_its_scale() -> None:
    torch.manual_seed(0)
    teacher = torch.randn(16, 7)
    assert float(dist_loss(teacher, teacher)) == pytest.approx(0.0, abs=1e-4)
    assert float(dist_loss(teacher + 3.0, teacher)) == pytest.approx(0.0, abs=1e-4)
    assert float(dist_loss(-teacher, teacher)) > float(dist_loss(torch.randn(16, 7), teacher)) > 1.0
