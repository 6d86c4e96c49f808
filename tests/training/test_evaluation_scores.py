"""The figures of an evaluation, against scikit-learn and by hand; mean and spread; the picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from engine.labels import EMOTIONS
from training.evaluation.picture import Panel, draw, panels_of
from training.evaluation.scores import CannotScore, Scores, among, figures
from training.evaluation.seeds import together

KEYS = {"weighted_f1", "macro_f1", "f1", "accuracy", "uar", "ece", "n", "confusion", "labels", "counts"}


def random_figures(seed: int, classes: int = 7) -> Scores:
    generator = torch.Generator().manual_seed(seed)
    true = torch.arange(300) % classes
    labels = (*EMOTIONS, "contempt")[:classes]
    return figures(true, torch.randn(300, classes, generator=generator), labels)


def number(scores: Scores, name: str) -> float:
    value = scores[name]
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize("classes", [2, 6, 7, 8])
def test_the_figures_are_those_of_scikit_learn(classes: int) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    generator = torch.Generator().manual_seed(classes)
    logits = torch.randn(500, classes, generator=generator)
    true = torch.multinomial(logits.softmax(dim=1), 1, generator=generator).squeeze(1)
    said = logits.argmax(dim=1)
    labels = [f"label {index}" for index in range(classes)]
    scores = figures(true, logits, labels)
    assert scores["n"] == 500
    assert number(scores, "weighted_f1") == pytest.approx(sklearn.f1_score(true, said, average="weighted"))
    assert number(scores, "macro_f1") == pytest.approx(sklearn.f1_score(true, said, average="macro"))
    assert number(scores, "accuracy") == pytest.approx(sklearn.accuracy_score(true, said))
    assert number(scores, "uar") == pytest.approx(sklearn.balanced_accuracy_score(true, said))
    assert scores["confusion"] == sklearn.confusion_matrix(true, said).tolist()
    each = scores["f1"]
    assert isinstance(each, dict)
    assert list(each.values()) == pytest.approx(sklearn.f1_score(true, said, average=None))


def test_a_case_by_hand() -> None:
    logits = torch.tensor([[2.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 0.0]])
    scores = figures(torch.tensor([0, 0, 1, 1]), logits, ("calm", "cross"), temperature=2.0)
    sure = 1 / (1 + np.exp(-1.0))
    assert scores.keys() >= KEYS
    assert scores["confusion"] == [[2, 0], [1, 1]]
    assert scores["counts"] == {"calm": 2, "cross": 2}
    assert scores["f1"] == pytest.approx({"calm": 4 / 5, "cross": 2 / 3})
    assert scores["weighted_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert scores["ece"] == pytest.approx(0.75 - sure)
    assert scores["ece_uncalibrated"] == pytest.approx(1 / (1 + np.exp(-2.0)) - 0.75)


def test_each_row_can_have_a_temperature_of_its_own() -> None:
    logits, true = torch.randn(40, 7), torch.arange(40) % 7
    once, each = figures(true, logits, EMOTIONS, 1.7), figures(true, logits, EMOTIONS, torch.full((40,), 1.7))
    assert once["ece"] == pytest.approx(each["ece"])


def test_a_label_that_never_occurs_does_not_count_in_the_means() -> None:
    logits = torch.eye(7)[[0, 1, 1]] * 5
    scores = figures(torch.tensor([0, 1, 0]), logits, EMOTIONS)
    assert scores["macro_f1"] == pytest.approx(2 / 3)
    assert scores["uar"] == pytest.approx(0.75)
    assert scores["chance_uar"] == 0.5


def test_a_choice_among_fewer_labels_never_says_another() -> None:
    true, logits = torch.tensor([1, 3, 3]), torch.eye(7)[[0, 0, 3]] * 5
    logits[:2, 3] = 1.0
    rows, few, names = among(true, logits, EMOTIONS, [1, 3])
    assert (rows.tolist(), names) == ([0, 1, 1], ["joy", "anger"])
    assert few.argmax(dim=1).tolist() == [1, 1, 1]


def test_no_rows_are_said_to_be_none() -> None:
    with pytest.raises(CannotScore, match="nothing to score"):
        figures(torch.empty(0, dtype=torch.long), torch.empty(0, 7), EMOTIONS)


def test_several_bundles_give_mean_and_spread_of_every_fraction() -> None:
    rows: list[Scores] = [
        {"bundle": f"seed-{seed}", "corpus": "meld", **random_figures(seed), "subsets": {"text": random_figures(seed)}}
        for seed in (1, 2, 3)
    ]
    result = together(rows)
    values = [number(row, "weighted_f1") for row in rows]
    mean, spread = result["mean"], result["spread"]
    assert isinstance(mean, dict)
    assert isinstance(spread, dict)
    assert mean["weighted_f1"] == result["weighted_f1"] == pytest.approx(np.mean(values))
    assert spread["weighted_f1"] == pytest.approx(np.std(values, ddof=1))
    inner = mean["subsets"]
    assert isinstance(inner, dict)
    assert isinstance(inner["text"], dict)
    assert inner["text"]["uar"] == pytest.approx(np.mean([number(row, "uar") for row in rows]))
    assert result.keys() >= KEYS | {"corpus", "bundles"}
    assert np.array(result["confusion"]).sum() == 900


def test_bundles_of_other_labels_are_not_averaged() -> None:
    with pytest.raises(CannotScore, match="same labels"):
        together([random_figures(1), random_figures(1, classes=6)])


@pytest.mark.parametrize("classes", [6, 8])
def test_the_confusion_matrix_becomes_a_picture(tmp_path: Path, classes: int) -> None:
    draw([Panel.of("tiny on MELD dev", random_figures(1, classes))], tmp_path / "confusion.png")
    image = cv2.imread(str(tmp_path / "confusion.png"))
    assert image is not None
    assert min(image.shape[:2]) > 800
    assert image.std() > 10


def test_two_labellings_become_two_panels(tmp_path: Path) -> None:
    scores: Scores = {"bundle": "tiny", "ferplus": random_figures(1, 8), "original": random_figures(1)}
    panels = panels_of("fer2013 dev", scores)
    assert [len(panel.labels) for panel in panels] == [8, 7]
    draw(panels, tmp_path / "both.svg")
    assert "FER2013 labels" in panels[1].title
    assert (tmp_path / "both.svg").read_text().startswith("<?xml")


def test_a_picture_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotScore, match=r"\.png, \.svg or \.pdf"):
        draw([Panel.of("tiny", random_figures(1))], tmp_path / "confusion.json")
