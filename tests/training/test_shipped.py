"""The bundles that come with Undertone."""

import pytest

from engine.bundle import PACKAGED, Bundle
from engine.calibration import SUBSETS
from engine.textbundle import TextBundle
from training.card import Scores, model_card

BASE, SIX = PACKAGED / "undertone-base", PACKAGED / "undertone-iemocap"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load("undertone-base")


def test_each_is_small_enough_to_clone() -> None:
    for folder in (BASE, SIX):
        assert sum(path.stat().st_size for path in folder.iterdir()) < 40_000_000


def test_the_students_are_as_small_as_promised(bundle: Bundle) -> None:
    sizes = {m: sum(p.numel() for p in getattr(bundle, m).parameters()) for m in ("text", "audio", "video")}
    assert sizes["text"] <= 23_000_000
    assert sizes["audio"] <= 2_000_000
    assert sizes["video"] <= 2_000_000


def test_its_card_is_the_one_of_its_figures(bundle: Bundle) -> None:
    made = model_card(bundle.name, bundle.manifest.scores, bundle.manifest.training)
    assert (BASE / "MODEL_CARD.md").read_text(encoding="utf-8") == made


def test_every_modality_and_every_set_of_them_beats_the_majority(bundle: Bundle) -> None:
    scores = bundle.manifest.scores
    subsets = _table(_table(scores["composed"])["subsets"])
    assert subsets.keys() == {"+".join(subset) for subset in SUBSETS}
    for name, row in {"text": scores["text"], "face": scores["face"], **subsets}.items():
        figures = _table(row)
        for score in ("weighted_f1", "macro_f1"):
            assert _number(figures[score]) > _number(figures[f"majority_{score}"]) + 0.05, (name, score)


def test_three_modalities_read_better_than_words_alone(bundle: Bundle) -> None:
    subsets = _table(_table(bundle.manifest.scores["composed"])["subsets"])
    three, words = (_number(_table(subsets[name])["weighted_f1"]) for name in ("text+audio+video", "text"))
    assert three > words + 0.03


def test_one_modality_alone_is_never_worse_through_the_fusion_than_its_student_by_itself(bundle: Bundle) -> None:
    composed = _table(bundle.manifest.scores["composed"])
    for modality, student in _table(composed["alone"]).items():
        fused, alone = (_number(_table(row)["weighted_f1"]) for row in (_table(composed["subsets"])[modality], student))
        assert fused >= alone, modality


def test_a_liar_does_bounded_harm(bundle: Bundle) -> None:
    for liar, row in _table(_table(bundle.manifest.scores["composed"])["lying"]).items():
        with_liar, without = (_number(_table(_table(row)[k])["weighted_f1"]) for k in ("with_liar", "without_liar"))
        assert with_liar > without - 0.05, liar


def test_the_bundle_of_six_labels_is_one_of_text() -> None:
    assert TextBundle.load("undertone-iemocap").labels == ("ang", "exc", "fru", "hap", "neu", "sad")


def _table(value: object) -> Scores:
    assert isinstance(value, dict)
    return value


def _number(value: object) -> float:
    assert isinstance(value, float)
    return value
