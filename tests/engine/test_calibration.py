"""Calibration: which temperatures a bundle must bring."""

import pytest
import torch

from engine.calibration import SUBSETS, Calibration, probabilities, subset_name


def test_every_set_of_modalities_has_a_name_and_a_temperature() -> None:
    assert ["+".join(s) for s in SUBSETS] == [
        "text", "audio", "video", "text+audio", "text+video", "audio+video", "text+audio+video",
    ]  # fmt: skip
    assert subset_name({"video": True, "text": True, "audio": False}) == "text+video"
    assert set(Calibration.none().fused) == {"+".join(s) for s in SUBSETS}


def test_a_higher_temperature_is_less_sure_of_the_same_label() -> None:
    logits = torch.tensor([2.0, 0.0, 1.0])
    sure, less = probabilities(logits, 1.0), probabilities(logits, 3.0)
    assert sure.argmax() == less.argmax() == 0
    assert sure[0] > less[0] > 1 / 3
    torch.testing.assert_close(less.sum(), torch.tensor(1.0))


@pytest.mark.parametrize(
    ("fused", "alone", "unsure", "says"),
    [
        ({"text": 1.0}, {}, 0.3, "fused temperatures must be for"),
        ({}, {"text": 0.0}, 0.3, "finite and above 0"),
        ({"video": float("nan")}, {}, 0.3, "finite and above 0"),
        ({}, {}, 1.5, "must be a probability"),
    ],
)
def test_calibrations_that_can_not_be_are_refused(
    fused: dict[str, float], alone: dict[str, float], unsure: float, says: str
) -> None:
    good = Calibration.none()
    with pytest.raises(ValueError, match=says):
        Calibration(
            fused if fused == {"text": 1.0} else good.fused | fused,
            good.alone | alone,  # type: ignore[arg-type]
            unsure,
        )
