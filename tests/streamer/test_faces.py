"""Faces in real pictures: the portrait of an astronaut that scikit-image brings (NASA, public domain)."""

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from streamer.faces import Face, FaceTracker
from tests import portraits

data = pytest.importorskip("skimage.data", reason="scikit-image brings the portrait: pip install 'undertone[sample]'")

Image = npt.NDArray[np.uint8]
HEIGHT, WIDTH = 240, 600
FACE_IN_PORTRAIT = (79, 53, 92, 102)  # x, y, width, height in pixels of the cut below, forehead to chin.


@pytest.fixture(scope="module")
def portrait() -> Image:
    cut: Image = data.astronaut()[20:260, 100:340]
    return np.ascontiguousarray(cut)


@pytest.fixture
def tracker() -> Iterator[FaceTracker]:
    made = FaceTracker(max_faces=3)
    yield made
    made.close()


def test_the_first_face_of_a_process_leaves_no_warning_in_the_terminal() -> None:
    code = """
import numpy as np, skimage.data
from streamer.mesh import FaceMesh
print(len(FaceMesh(1).find(np.ascontiguousarray(skimage.data.astronaut()))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("1\n", "")


def scene(portrait: Image, *lefts: int) -> Image:
    """The portrait on black, at each of these distances from the left."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for left in lefts:
        image[:, left : left + portrait.shape[1]] = portrait
    return image


def overlap(face: Face, left: int) -> float:
    """Intersection over union of a face's box with where the face truly is."""
    x, y, width, height = FACE_IN_PORTRAIT
    a = np.array([face.x * WIDTH, face.y * HEIGHT, (face.x + face.width) * WIDTH, (face.y + face.height) * HEIGHT])
    b = np.array([left + x, y, left + x + width, y + height])
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(inner / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - inner))


def test_the_box_is_on_the_face_and_the_id_stays_while_it_moves(tracker: FaceTracker, portrait: Image) -> None:
    ids = set()
    for left in range(0, 300, 15):
        (face,) = tracker.track(scene(portrait, left))
        assert overlap(face, left) > 0.6
        ids.add(face.id)
    assert len(ids) == 1


def test_the_crop_is_the_face_wherever_it_is(tracker: FaceTracker, portrait: Image) -> None:
    crops = [tracker.track(scene(portrait, left))[0].crop for left in (0, 20, 40)]
    assert all(crop.shape == (48, 48) and crop.dtype == np.uint8 for crop in crops)
    assert crops[0].std() > 20
    for crop in crops[1:]:
        assert np.corrcoef(crops[0].ravel(), crop.ravel())[0, 1] > 0.9


def test_a_smile_shows_a_mouth_that_is_a_little_open(tracker: FaceTracker, portrait: Image) -> None:
    (face,) = tracker.track(scene(portrait, 100))
    assert 0.02 < face.mouth < 0.2


def test_a_face_that_leaves_is_gone_and_is_known_again_if_it_comes_back_soon(
    tracker: FaceTracker, portrait: Image
) -> None:
    (before,) = tracker.track(scene(portrait, 100))
    assert [tracker.track(scene(portrait)) for _ in range(3)] == [[], [], []]
    (after,) = tracker.track(scene(portrait, 100))
    assert after.id == before.id


def test_after_a_second_out_of_sight_a_face_is_a_new_one(tracker: FaceTracker, portrait: Image) -> None:
    (before,) = tracker.track(scene(portrait, 100))
    for _ in range(12):
        tracker.track(scene(portrait))
    (after,) = tracker.track(scene(portrait, 100))
    assert after.id != before.id


def test_two_faces_have_two_ids_that_stay_whichever_is_larger(tracker: FaceTracker, portrait: Image) -> None:
    by_side: set[tuple[int, int]] = set()
    for step in range(12):
        faces = sorted(tracker.track(scene(portrait, 3 * step, 340 - 3 * step)), key=lambda face: face.x)
        assert [overlap(faces[0], 3 * step) > 0.6, overlap(faces[1], 340 - 3 * step) > 0.6] == [True, True]
        by_side.add((faces[0].id, faces[1].id))
    assert len(by_side) == 1
    assert len(set(by_side.pop())) == 2


def test_the_largest_face_comes_first(tracker: FaceTracker, portrait: Image) -> None:
    image = scene(portrait, 0)
    image[:192, 300:492] = portrait[np.ix_(np.arange(192) * 5 // 4, np.arange(192) * 5 // 4)]
    sizes = [face.width * face.height for face in tracker.track(image)]
    assert len(sizes) == 2
    assert sizes[0] > 1.3 * sizes[1]


@pytest.mark.parametrize("share", [0.3, 0.45, 0.6])
def test_nine_small_faces_of_a_shared_call_are_found_each_in_its_tile(share: float) -> None:
    tracker = FaceTracker()
    faces = tracker.track(portraits.gallery([portraits.portrait()] * 9, share=share))
    tracker.close()
    tiles = {(int(3 * (face.x + face.width / 2)), int(3 * (face.y + face.height / 2))) for face in faces}
    assert len(tiles) == len(faces) == 9


@pytest.mark.parametrize(("below", "most"), [(0, 20), (200, 10)], ids=["wide", "one region"])
def test_a_face_that_joins_is_found_while_others_are_followed(
    tracker: FaceTracker, portrait: Image, below: int, most: int
) -> None:
    one, two = (np.pad(scene(portrait, *lefts), ((0, below), (0, 0), (0, 0))) for lefts in [(0,), (0, 300)])
    assert len(tracker.track(one)) == 1
    assert len([tracker.track(two) for _ in range(most)][-1]) == 2


def test_boxes_stay_inside_the_picture(tracker: FaceTracker, portrait: Image) -> None:
    for face in tracker.track(np.ascontiguousarray(portrait[:, 100:])):
        assert 0 <= face.x <= face.x + face.width <= 1
        assert 0 <= face.y <= face.y + face.height <= 1


def test_a_picture_without_a_face_has_none(tracker: FaceTracker) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    assert tracker.track(noise) == []


@pytest.mark.parametrize("wrong", [0, 10])
def test_a_number_of_faces_out_of_range_is_refused(wrong: int) -> None:
    with pytest.raises(ValueError, match="1 to 9"):
        FaceTracker(wrong)
