"""Faces as the video student sees them: small, grey, upright."""

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from engine.utterance import FACE_SIZE

# MediaPipe's face mesh: the corners of the right eye, of the left one, and of the mouth.
_CORNERS: Final = [33, 133, 362, 263, 61, 291]

# Where FER2013 has them in its 48x48 pixels: medians over 289 faces of its public test set in which the mesh was found.
_EYES_APART: Final = 17.7
_EYES_TO_MOUTH: Final = 18.0
_CENTRE: Final = np.array([24.0, 27.9])
_FINEST: Final = 6


def align(grey: npt.NDArray[np.uint8], landmarks: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """The face as a crop uint8 [48, 48], framed like FER2013: upright, eyes level, the face filling the picture.

    grey: uint8 [H, W]. landmarks: float32 [468, 2] or more rows, x and y in its pixels. Beyond the picture's edge, the
    edge is repeated. Size is the larger of what the eyes and what eyes to mouth say, as a turned head shortens one.
    """
    right, left, mouth = landmarks[_CORNERS].reshape(3, 2, 2).mean(axis=1)
    across = left - right
    eyes = (left + right) / 2
    scale = max(float(np.hypot(*across)) / _EYES_APART, float(np.hypot(*(mouth - eyes))) / _EYES_TO_MOUTH, 1e-3)
    # Sampling is finer than the crop by a whole factor, and averaged: a large face must not alias.
    fine = min(_FINEST, max(1, round(scale)))
    right_ward = across / max(float(np.hypot(*across)), 1e-6) * scale
    axes = np.array([[right_ward[0], -right_ward[1]], [right_ward[1], right_ward[0]]])
    middle = (eyes + mouth) / 2 + axes @ (FACE_SIZE / 2 - _CENTRE)
    part, corner = _around(grey, middle, np.abs(axes).sum(axis=1) * FACE_SIZE / 2 + 1.0)
    size = np.array(part.shape[::-1])
    # From shares of half the crop to shares of half the part, both from their middle.
    theta = np.column_stack([axes * FACE_SIZE / size[:, None], 2.0 * (middle - corner) / size - 1.0])
    shape = [1, 1, FACE_SIZE * fine, FACE_SIZE * fine]
    grid = F.affine_grid(torch.from_numpy(theta).float()[None], shape, align_corners=False)
    pixels = torch.from_numpy(part).float()[None, None]
    sampled = F.avg_pool2d(F.grid_sample(pixels, grid, padding_mode="border", align_corners=False), fine)
    crop: npt.NDArray[np.uint8] = sampled[0, 0].round().to(torch.uint8).numpy()
    return crop


def _around(
    grey: npt.NDArray[np.uint8], middle: npt.NDArray[np.float64], reach: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.intp]]:
    """What lies in the picture no further than this from a point, both [2] x and y, at least one pixel; its corner."""
    size = np.array(grey.shape[::-1])
    first = np.clip(np.floor(middle - reach), 0, size - 1).astype(np.intp)
    last = np.clip(np.ceil(middle + reach), first + 1, size).astype(np.intp)
    return grey[first[1] : last[1], first[0] : last[0]], first
