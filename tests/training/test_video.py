"""How faces are varied in training."""

import torch

from training.video import VideoSettings, augment

STILL = VideoSettings(shift=0.0, turn=0.0, zoom=0.0, contrast=0.0, noise=0.0, erase=0)


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
