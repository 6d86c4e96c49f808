"""Faces in a track's pictures: boxes, aligned crops, and ids that stay."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from engine.face import align
from streamer.mesh import FaceMesh, Landmarks

_UPPER_LIP: Final = 13
_LOWER_LIP: Final = 14
_FOREHEAD: Final = 10
_CHIN: Final = 152
REMEMBERED_PICTURES: Final = 10
EPOCH_SECONDS: Final = 30.0
"""Faces are looked for afresh this often, so that what is seen never hangs on pictures of long ago."""
_FARTHEST: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face in one picture.

    id: the same for the same face while it stays in sight; never used again for another.
    x, y, width, height: its box, as shares of the picture, 0 to 1.
    crop: uint8 [48, 48], as `engine.face.align` makes it.
    mouth: the opening of the lips as a share of the face's height.
    """

    id: int
    x: float
    y: float
    width: float
    height: float
    crop: npt.NDArray[np.uint8]
    mouth: float


@dataclass(slots=True)
class Seen:
    """What is known of faces from pictures before: the highest id, and the boxes by id of the last pictures.

    A box is float32 [2, 2]: its corners, as shares of the picture.
    """

    last_id: int
    pictures: deque[dict[int, Landmarks]]


class FaceTracker:
    """The faces of one track's pictures. May be used from any thread, but from one at a time."""

    def __init__(self, max_faces: int = 9, seen: "Seen | None" = None) -> None:
        """seen: the faces that were followed so far, where pictures were left out."""
        if not 1 <= max_faces <= 9:
            raise ValueError(f"max_faces must be 1 to 9, not {max_faces}")
        self._mesh = FaceMesh(max_faces)
        self._identities = _Identities(seen)
        self._epoch: int | None = None

    def track(self, image: npt.NDArray[np.uint8], at: float = 0.0) -> list[Face]:
        """The faces in a picture, uint8 [H, W, 3] RGB, at a media time, the largest first."""
        before, self._epoch = self._epoch, int(at // EPOCH_SECONDS)
        if before not in {None, self._epoch}:
            self._mesh.look_afresh()
        height, width = image.shape[:2]
        meshes = self._mesh.find(image)
        if not meshes:
            self._identities.match([])
            return []
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        boxes = [np.clip((points.min(axis=0), points.max(axis=0)), 0.0, 1.0) for points in meshes]
        faces = [
            _face(identity, box, points * np.array([width, height], np.float32), grey)
            for identity, box, points in zip(self._identities.match(boxes), boxes, meshes, strict=True)
        ]
        return sorted(faces, key=lambda face: face.width * face.height, reverse=True)

    def close(self) -> None:
        """Frees the model."""
        self._mesh.close()


class _Identities:
    """Gives each box the id of the nearest one known, within a face's size. Who is gone for a second is forgotten."""

    def __init__(self, seen: "Seen | None" = None) -> None:
        self._known: dict[int, tuple[Landmarks, int]] = {}
        self._next = 1
        if seen is not None:
            for boxes in seen.pictures:
                self._remember(boxes)
            self._next = seen.last_id + 1

    def match(self, boxes: list[Landmarks]) -> list[int]:
        pairs = sorted(
            (_distance(box, known), index, identity)
            for index, box in enumerate(boxes)
            for identity, (known, _) in self._known.items()
        )
        found: dict[int, int] = {}
        for distance, index, identity in pairs:
            if distance < _FARTHEST and index not in found and identity not in found.values():
                found[index] = identity
        for index in range(len(boxes)):
            if index not in found:
                found[index], self._next = self._next, self._next + 1
        self._remember({found[index]: box for index, box in enumerate(boxes)})
        return [found[index] for index in range(len(boxes))]

    def _remember(self, boxes: Mapping[int, Landmarks]) -> None:
        gone = {id: (box, missed + 1) for id, (box, missed) in self._known.items() if missed < REMEMBERED_PICTURES}
        self._known = gone | {id: (box, 0) for id, box in boxes.items()}


def _distance(box: Landmarks, known: Landmarks) -> float:
    """Between two boxes' centres, in sizes of the known one, per axis."""
    size = np.maximum(known[1] - known[0], 1e-6)
    return float(np.hypot(*((box.mean(axis=0) - known.mean(axis=0)) / size)))


def _face(identity: int, box: Landmarks, landmarks: Landmarks, grey: npt.NDArray[np.uint8]) -> Face:
    (x, y), (right, bottom) = box.tolist()
    height = float(np.hypot(*(landmarks[_CHIN] - landmarks[_FOREHEAD])))
    opening = float(np.hypot(*(landmarks[_LOWER_LIP] - landmarks[_UPPER_LIP])))
    return Face(identity, x, y, right - x, bottom - y, align(grey, landmarks), opening / max(height, 1e-6))
