"""Faces as the video student sees them: small, grey, upright."""

from typing import Final

import numpy as np
import numpy.typing as npt

from engine.utterance import FACE_SIZE

# MediaPipe's face mesh: the corners of the eyes and of the mouth.
_RIGHT_EYE: Final = (33, 133)
_LEFT_EYE: Final = (362, 263)
_MOUTH: Final = (61, 291)

# Where FER2013 has them in its 48x48 pixels: medians over 289 faces of its public test set in which the mesh was found.
_EYES_APART: Final = 17.7
_EYES_TO_MOUTH: Final = 18.0
_CENTRE: Final = (24.0, 27.9)
_FINEST: Final = 6


def align(grey: npt.NDArray[np.uint8], landmarks: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """The face as a crop uint8 [48, 48], framed like FER2013: upright, eyes level, the face filling the picture.

    grey: uint8 [H, W]. landmarks: float32 [468, 2] or more rows, x and y in its pixels. Beyond the picture's edge, the
    edge is repeated. Size is the larger of what the eyes and what eyes to mouth say, as a turned head shortens one.
    """
    right, left, mouth = (landmarks[list(points)].mean(axis=0) for points in (_RIGHT_EYE, _LEFT_EYE, _MOUTH))
    across = left - right
    eyes = (left + right) / 2
    scale = max(float(np.hypot(*across)) / _EYES_APART, float(np.hypot(*(mouth - eyes))) / _EYES_TO_MOUTH, 1e-3)
    # Sampling is finer than the crop by a whole factor, and averaged: a large face must not alias.
    fine = min(_FINEST, max(1, round(scale)))
    grid = (np.arange(FACE_SIZE * fine, dtype=np.float32) + 0.5) / fine
    right_ward = across / max(float(np.hypot(*across)), 1e-6) * scale
    down_ward = np.array([-right_ward[1], right_ward[0]])
    centre = (eyes + mouth) / 2
    x = (grid - _CENTRE[0])[None, :]
    y = (grid - _CENTRE[1])[:, None]
    sampled = _bilinear(
        grey, centre[0] + x * right_ward[0] + y * down_ward[0], centre[1] + x * right_ward[1] + y * down_ward[1]
    )
    crop: npt.NDArray[np.float32] = sampled.reshape(FACE_SIZE, fine, FACE_SIZE, fine).mean(axis=(1, 3))
    return np.rint(crop).astype(np.uint8)


def _bilinear(
    grey: npt.NDArray[np.uint8], x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Values between pixels; pixel (i, j) covers [j, j+1) x [i, i+1), so that its value lies at its middle."""
    height, width = grey.shape
    x, y = np.clip(x - 0.5, 0, width - 1), np.clip(y - 0.5, 0, height - 1)
    left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    part_x, part_y = (x - left).astype(np.float32), (y - top).astype(np.float32)
    upper = grey[top, left] * (1 - part_x) + grey[top, right] * part_x
    lower = grey[bottom, left] * (1 - part_x) + grey[bottom, right] * part_x
    between: npt.NDArray[np.float32] = upper * (1 - part_y) + lower * part_y
    return between
