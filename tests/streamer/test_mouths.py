"""Who of several faces speaks, by the movement of the mouth."""

from math import pi, sin

import numpy as np

from streamer.faces import Face, FaceTracker
from streamer.mouths import talking
from tests.portraits import gallery, portrait

CROP = np.zeros((48, 48), np.uint8)


def faces(*mouths: float) -> list[Face]:
    """One picture: a face for each opening of the mouth, the ids from 1."""
    return [Face(number, 0.1 * number, 0.1, 0.1, 0.2, CROP, mouth) for number, mouth in enumerate(mouths, 1)]


def test_the_face_whose_mouth_moves_most_is_talking() -> None:
    pictures = [faces(0.05, 0.05 + 0.04 * sin(at), 0.09 + 0.02 * sin(at)) for at in range(10)]
    assert talking(pictures) == 2


def test_a_mouth_that_is_open_but_still_does_not_talk() -> None:
    assert talking([faces(0.15 + 0.005 * (at % 2), 0.02) for at in range(10)]) is None


def test_a_face_that_was_hardly_seen_is_not_judged() -> None:
    assert talking([faces(0.0), faces(0.1)]) is None
    assert talking([]) is None


def test_of_nine_faces_in_a_call_the_one_that_moves_its_lips_is_found() -> None:
    tracker = FaceTracker()
    pictures = []
    for at in range(12):
        gap = 7 + 7 * sin(2 * pi * at / 4)
        pictures.append(tracker.track(gallery([portrait(gap if tile == 4 else 3) for tile in range(9)])))
    tracker.close()
    assert len(pictures[-1]) == 9
    (who,) = [face for face in pictures[-1] if face.id == talking(pictures)]
    assert 1 / 3 < who.x + who.width / 2 < 2 / 3
    assert 1 / 3 < who.y + who.height / 2 < 2 / 3
