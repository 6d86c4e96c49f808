"""Metrics, losses and calibration against numbers worked out by hand."""

import numpy as np
import pytest
import torch

from training.calibrate import choose_adjustment, fit_temperature, risk_coverage, selective_accuracy, unsure_below
from training.losses import Imbalance, dist_loss, feature_loss, soft_cross_entropy
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


def test_as_many_as_possible_are_sure_while_seven_of_ten_are_right() -> None:
    confidence = torch.linspace(0, 1, 101)
    right = confidence > 0.44
    kept = selective_accuracy(confidence, right, unsure_below(confidence, right))
    assert kept["coverage"] == pytest.approx(0.8, abs=0.02)
    assert kept["accuracy_sure"] == pytest.approx(0.7, abs=0.01)
    assert kept["accuracy_unsure"] == 0.0


def test_six_of_ten_readings_are_sure_however_wrong_they_are() -> None:
    confidence = torch.linspace(0, 1, 100)
    wrong = torch.zeros(100, dtype=torch.bool)
    assert selective_accuracy(confidence, wrong, unsure_below(confidence, wrong))["coverage"] == pytest.approx(0.6)


def test_risk_grows_with_coverage_when_confidence_means_something() -> None:
    confidence = torch.linspace(0, 1, 100)
    curve = risk_coverage(confidence, confidence > 0.5)
    assert curve[0] == (0.1, 0.0)
    assert curve[-1][0] == 1.0
    assert curve[-1][1] == pytest.approx(0.5)


def test_logit_adjustment_is_chosen_by_macro_f1_and_never_costs_weighted_f1() -> None:
    torch.manual_seed(0)
    prior = torch.tensor([0.8, 0.2])
    labels = (torch.rand(4000) < prior[1]).long()
    fair = torch.randn(4000, 2) + 1.5 * torch.nn.functional.one_hot(labels, 2)
    biased = fair + 3.0 * prior.log()  # thrice as much for the common label as the prior asks for
    strength = choose_adjustment(biased, labels, prior)
    assert strength > 0.5
    said = (biased - strength * prior.log()).argmax(dim=1).numpy()
    assert weighted_f1(labels.numpy(), said, 2) >= weighted_f1(labels.numpy(), biased.argmax(dim=1).numpy(), 2)


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


def test_feature_relations_are_met_by_the_teachers_own_features_however_long() -> None:
    torch.manual_seed(0)
    teacher = torch.randn(12, 6)
    assert float(feature_loss(3.0 * teacher, teacher)) == pytest.approx(0.0, abs=1e-5)
    assert float(feature_loss(torch.randn(12, 6), teacher)) > 0.01


def test_without_a_remedy_for_imbalance_the_loss_is_cross_entropy() -> None:
    torch.manual_seed(0)
    logits, labels, counts = torch.randn(9, 3), torch.arange(9) % 3, torch.tensor([90.0, 9.0, 1.0])
    plain = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1)
    assert torch.allclose(Imbalance().loss(logits, labels, counts, 0.1), plain)


@pytest.mark.parametrize(
    "remedy", [Imbalance(adjust=1.0), Imbalance(focal=1.0, effective=0.99)], ids=["logits", "focal"]
)
def test_a_remedy_makes_a_mistake_on_a_rare_label_cost_more(remedy: Imbalance) -> None:
    counts, logits = torch.tensor([90.0, 9.0, 1.0]), torch.zeros(1, 3)
    common, rare = (float(remedy.loss(logits, torch.tensor([label]), counts, 0.0)) for label in (0, 2))
    assert rare > common
