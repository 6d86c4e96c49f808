"""The aligned face crop."""

import numpy as np
import numpy.typing as npt
import pytest

from engine.face import align

EYES_AND_MOUTH = {33: (-30, -20), 133: (-10, -20), 362: (10, -20), 263: (30, -20), 61: (-14, 20), 291: (14, 20)}


def landmarks(centre: tuple[float, float], scale: float = 1.0, degrees: float = 0.0) -> npt.NDArray[np.float32]:
    """The six points that count, of a face looking straight ahead; the others lie at its centre."""
    turn = np.radians(degrees)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = np.zeros((468, 2))
    for index, point in EYES_AND_MOUTH.items():
        points[index] = scale * rotation @ np.array(point)
    return (points + centre).astype(np.float32)


def picture(marks: npt.NDArray[np.float32], size: tuple[int, int] = (300, 400)) -> npt.NDArray[np.uint8]:
    """Grey, with a soft white spot at each eye and a soft black one at the mouth."""
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    spread = 2 * (np.hypot(*(marks[263] - marks[33])) / 12) ** 2
    image = np.full(size, 128.0)
    for points, light in (([33, 133], 100), ([362, 263], 100), ([61, 291], -100)):
        cx, cy = marks[points].mean(axis=0)
        image += light * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / spread)
    return image.clip(0, 255).astype(np.uint8)


def spots(crop: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float64], ...]:
    """Where the right eye, the left eye and the mouth came to lie, x and y in the crop's pixels."""
    y, x = np.mgrid[:48, :48] + 0.5
    light = np.clip(crop.astype(float) - 150, 0, None)
    dark = np.clip(106 - crop.astype(float), 0, None)
    weights = (light * (x < 24), light * (x >= 24), dark)
    return tuple(np.array([(x * w).sum(), (y * w).sum()]) / w.sum() for w in weights)


@pytest.mark.parametrize("degrees", [0, 20, -35, 90])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_eyes_and_mouth_come_to_lie_where_fer2013_has_them(scale: float, degrees: float) -> None:
    marks = landmarks((200, 150), scale, degrees)
    right, left, mouth = spots(align(picture(marks), marks))
    np.testing.assert_allclose(right, (15.1, 18.9), atol=1.0)
    np.testing.assert_allclose(left, (32.9, 18.9), atol=1.0)
    np.testing.assert_allclose(mouth, (24.0, 36.9), atol=1.0)


def test_a_turned_head_is_not_blown_up() -> None:
    marks = landmarks((200, 150))
    marks[:, 0] = 200 + 0.4 * (marks[:, 0] - 200)
    right, left, mouth = spots(align(picture(marks), marks))
    assert left[0] - right[0] < 10
    assert mouth[1] - right[1] == pytest.approx(18.0, abs=1.0)


def test_a_face_at_the_edge_is_filled_up_with_the_edge() -> None:
    grey = np.full((100, 100), 77, np.uint8)
    assert (align(grey, landmarks((2, 98))) == 77).all()


def test_fine_stripes_in_a_large_face_are_averaged_and_not_aliased() -> None:
    grey = np.zeros((800, 800), np.uint8)
    grey[:, ::2] = 200
    crop = align(grey, landmarks((400, 400), scale=4))
    assert np.abs(crop.astype(int) - 100).max() < 30


def test_a_face_of_no_size_gives_a_crop_and_no_error() -> None:
    crop = align(np.full((10, 10), 5, np.uint8), np.full((468, 2), 4, np.float32))
    assert crop.shape == (48, 48)
    assert (crop == 5).all()
