"""What cameras, hands and croppers do to a face. Pictures are uint8 [48, 48], grey, framed as FER2013's."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from engine.utterance import FACE_SIZE
from training.evaluation.mesh import FaceFinder

Picture = npt.NDArray[np.uint8]

EYES: Final = slice(13, 25)  # rows of FER2013's pictures
MOUTH: Final = slice(31, 43)
GREY: Final = 128
_UPSCALE: Final = 6
_BORDER: Final = FACE_SIZE // 2  # the finder wants some room around a face


def covered(face: Picture, rows: slice) -> Picture:
    """A grey bar over these rows, as of a hand or a microphone."""
    out = face.copy()
    out[rows] = GREY
    return out


def moved(face: Picture, right: int, down: int) -> Picture:
    """Shifted by so many pixels; the edge is repeated."""
    return _warped(face, np.array([[1, 0, right], [0, 1, down]], np.float32))


def turned(face: Picture, degrees: float) -> Picture:
    """Turned counter-clockwise about its middle; the edge is repeated."""
    middle = (FACE_SIZE - 1) / 2
    return _warped(face, cv2.getRotationMatrix2D((middle, middle), degrees, 1.0).astype(np.float32))


def found_again(face: Picture, finder: FaceFinder) -> Picture | None:
    """The crop that live input would bring of it: found by FaceMesh at six times the size, and aligned; None if not."""
    room = cv2.copyMakeBorder(face, _BORDER, _BORDER, _BORDER, _BORDER, cv2.BORDER_REPLICATE)
    large = cv2.resize(room, None, fx=_UPSCALE, fy=_UPSCALE, interpolation=cv2.INTER_CUBIC)
    return finder.find(cv2.cvtColor(large, cv2.COLOR_GRAY2RGB))


def _warped(face: Picture, matrix: npt.NDArray[np.float32]) -> Picture:
    out: Picture = cv2.warpAffine(face, matrix, face.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return out
