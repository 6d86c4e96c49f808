"""Faces in a track's pictures: boxes, aligned crops, and ids that stay."""

import os
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Final, Protocol, cast

import numpy as np
import numpy.typing as npt

from engine.face import align

_UPPER_LIP: Final = 13
_LOWER_LIP: Final = 14
_FOREHEAD: Final = 10
_CHIN: Final = 152
REMEMBERED_PICTURES: Final = 10
_FARTHEST: Final = 1.0
_BLANK: Final = np.zeros((64, 64, 3), np.uint8)
_stderr_lock = Lock()

Landmarks = npt.NDArray[np.float32]


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
    """MediaPipe's face mesh over the pictures of one track. May be used from any thread, but from one at a time.

    It finds faces at least an eighth as wide as the picture's longer side.
    """

    def __init__(self, max_faces: int = 4, seen: "Seen | None" = None) -> None:
        """seen: the faces that were followed so far, where pictures were left out."""
        if not 1 <= max_faces <= 9:
            raise ValueError(f"max_faces must be 1 to 9, not {max_faces}")
        self._mesh = _make_mesh(max_faces)
        self._identities = _Identities(seen)

    def track(self, image: npt.NDArray[np.uint8]) -> list[Face]:
        """The faces in a picture, uint8 [H, W, 3] RGB, the largest first."""
        height, width = image.shape[:2]
        meshes = [_points(found) for found in self._mesh.process(image).multi_face_landmarks or ()]
        if not meshes:
            self._identities.match([])
            return []
        grey = (image @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
        boxes = [np.clip((points.min(axis=0), points.max(axis=0)), 0.0, 1.0) for points in meshes]
        faces = [
            _face(identity, box, points * np.array([width, height], np.float32), grey)
            for identity, box, points in zip(self._identities.match(boxes), boxes, meshes, strict=True)
        ]
        return sorted(faces, key=lambda face: face.width * face.height, reverse=True)

    def look_afresh(self) -> None:
        """Looks for faces anew in the next picture, instead of where they were in the last; ids stay."""
        self._mesh.process(_BLANK)

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


class _Point(Protocol):
    x: float
    y: float


class _Found(Protocol):
    landmark: list[_Point]


class _Result(Protocol):
    multi_face_landmarks: list[_Found] | None


class _Mesh(Protocol):
    def process(self, image: npt.NDArray[np.uint8]) -> _Result: ...
    def close(self) -> None: ...


def _points(found: _Found) -> Landmarks:
    """Landmarks [468, 2] as shares of the picture."""
    return np.array([(point.x, point.y) for point in found.landmark], np.float32)


def _make_mesh(max_faces: int) -> _Mesh:
    with _native_noise_silenced():
        from mediapipe.python.solutions.face_mesh import FaceMesh

        mesh = cast(_Mesh, FaceMesh(static_image_mode=False, max_num_faces=max_faces, refine_landmarks=False))
        mesh.process(_BLANK)
    return mesh


@contextmanager
def _native_noise_silenced() -> Iterator[None]:
    """MediaPipe's libraries report their start on file descriptor 2, whatever their log level; nobody can act on it."""
    with _stderr_lock:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
