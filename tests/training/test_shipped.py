"""The bundle that comes with Undertone."""

from collections.abc import Mapping

import pytest

from engine.bundle import PACKAGED, Bundle
from engine.calibration import SUBSETS
from training.card import model_card
from training.evaluate import bundle_bytes, summary

FOLDER = PACKAGED / "undertone-base"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load("undertone-base")


def test_it_is_small_enough_to_clone() -> None:
    assert bundle_bytes(FOLDER) < 40_000_000


def test_its_card_is_the_one_of_its_figures(bundle: Bundle) -> None:
    made = model_card(bundle.name, bundle.manifest.scores, bundle.manifest.training)
    assert (FOLDER / "MODEL_CARD.md").read_text(encoding="utf-8") == made


def test_every_modality_and_every_set_of_them_beats_the_majority(bundle: Bundle) -> None:
    figures = summary(bundle.manifest.scores)
    assert {f"composed: {'+'.join(subset)}" for subset in SUBSETS} <= figures.keys()
    for name, row in figures.items():
        assert _number(row, "weighted_f1") > _number(row, "majority_weighted_f1") + 0.1, name
        assert _number(row, "macro_f1") > _number(row, "majority_macro_f1") + 0.1, name


def _number(row: Mapping[str, object], name: str) -> float:
    value = row[name]
    assert isinstance(value, float)
    return value
