"""The largest face of a picture, cut out as the face student sees it. MediaPipe does the finding."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from engine.face import align
from engine.utterance import FACE_SIZE

_MARGIN: Final = 0.5  # of the picture's size, put around one that a face fills: the finder wants some room
_CROP: Final = 256  # a square picture up to this many pixels is taken for a face that was cut out already

Image = npt.NDArray[np.uint8]


class FaceFinder:
    """MediaPipe's face mesh on single pictures: what it saw before does not matter. A context manager."""

    def __init__(self) -> None:
        self._mesh: Any = None  # made when it is first needed: most corpora have no pictures

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._mesh is not None:
            self._mesh.close()

    def find(self, image: Image) -> Image | None:
        """The largest face in uint8 [H, W, 3] RGB, aligned, uint8 [48, 48]; None if there is none."""
        if self._mesh is None:
            self._mesh = _make_mesh()
        height, width = image.shape[:2]
        with _native_noise_silenced():
            found = self._mesh.process(np.ascontiguousarray(image)).multi_face_landmarks or ()
        if not found:
            return None
        meshes = [np.array([(point.x, point.y) for point in face.landmark], np.float32) for face in found]
        largest = max(meshes, key=lambda points: float(np.prod(np.ptp(points, axis=0))))
        return align(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), largest * np.array([width, height], np.float32))

    def find_in_picture(self, image: Image) -> Image | None:
        """As `find`; a small square picture in which no face is found is one that was cut out already, as FER2013's."""
        height, width = image.shape[:2]
        cut_out = height == width <= _CROP
        if cut_out and width <= 2 * FACE_SIZE:
            return _shrink(image)
        down, across = int(_MARGIN * height), int(_MARGIN * width)
        crop = self.find(image)
        if crop is None and max(height, width) <= 4 * _CROP:
            crop = self.find(cv2.copyMakeBorder(image, down, down, across, across, cv2.BORDER_CONSTANT))
        return _shrink(image) if crop is None and cut_out else crop


def _shrink(image: Image) -> Image:
    shape = (FACE_SIZE, FACE_SIZE)
    small: Image = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), shape, interpolation=cv2.INTER_AREA)
    return small


def _make_mesh() -> Any:
    with _native_noise_silenced():
        from mediapipe.python.solutions.face_mesh import FaceMesh

        return FaceMesh(static_image_mode=True, max_num_faces=4, refine_landmarks=False)


@contextmanager
def _native_noise_silenced() -> Iterator[None]:
    """MediaPipe's libraries tell of their start and their doubts on file descriptor 2, whatever their log level."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
