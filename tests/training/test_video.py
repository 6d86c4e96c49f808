"""How faces are varied in training."""

import numpy as np
import pytest
import torch

from training.video import DEGRADATIONS, VideoSettings, augment, degrade

STILL = VideoSettings(shift=0.0, turn=0.0, zoom=0.0, contrast=0.0, noise=0.0, erase=0, degrade=0.0)


def test_without_any_variation_a_face_is_itself_or_its_mirror_image() -> None:
    torch.manual_seed(0)
    faces = torch.randint(0, 256, (32, 48, 48), dtype=torch.uint8)
    varied = augment(faces, STILL).int()
    same = (varied - faces.int()).abs().amax(dim=(1, 2)) <= 1
    mirrored = (varied - faces.flip(2).int()).abs().amax(dim=(1, 2)) <= 1
    assert (same | mirrored).all()
    assert same.any()
    assert mirrored.any()


def test_variation_keeps_shape_and_kind_and_changes_every_face() -> None:
    torch.manual_seed(0)
    faces = torch.randint(60, 200, (16, 48, 48), dtype=torch.uint8)
    varied = augment(faces, VideoSettings())
    assert varied.shape == faces.shape
    assert varied.dtype == torch.uint8
    assert (varied != faces).flatten(1).any(dim=1).all()


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_a_degraded_face_is_worse_the_stronger_it_is_and_the_same_each_time(kind: str) -> None:
    rows, columns = np.mgrid[:48, :48]
    face = (128 + 100 * np.sin(rows / 2.0) * np.cos(columns / 3.0)).astype(np.uint8)
    little, much = (degrade(face, kind, strength).astype(int) for strength in (0.1, 1.0))
    assert np.abs(much - face).mean() > np.abs(little - face).mean() > 0
    assert np.array_equal(much, degrade(face, kind, 1.0))


def test_an_unknown_degradation_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="blur, dark, jpeg, small"):
        degrade(np.zeros((48, 48), dtype=np.uint8), "rain")
