"""Faces for tests: scikit-image's astronaut (NASA, public domain), with a mouth that opens, alone or in a call."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import pytest

Image = npt.NDArray[np.uint8]
FACE: Final = (225, 124, 102)
"""The middle of the face and its height, forehead to chin, in the portrait's pixels."""
_MOUTH: Final = slice(196, 250)
_LIPS: Final = 147
_CHIN: Final = 187
_DARK: Final = (45, 15, 15)


def portrait(gap: float = 0.0) -> Image:
    """uint8 [512, 512, 3]; the lower lip is moved down by `gap` pixels, up to 14."""
    data = pytest.importorskip("skimage.data", reason="the portrait needs scikit-image: pip install scikit-image")
    image: Image = data.astronaut().copy()
    height = _CHIN - _LIPS
    across = np.linspace(-1, 1, _MOUTH.stop - _MOUTH.start)
    for x, down in zip(range(_MOUTH.start, _MOUTH.stop), np.rint(gap * (1 - across**2)).astype(int), strict=True):
        if down > 0:
            column = image[_LIPS:_CHIN, x : x + 1].copy()
            image[_LIPS + down : _CHIN, x : x + 1] = cv2.resize(column, (1, height - down)).reshape(-1, 1, 3)
            image[_LIPS : _LIPS + down, x] = _DARK
    return image


def gallery(faces: list[Image], width: int = 1280, height: int = 720, share: float = 0.6) -> Image:
    """A call's window of up to nine tiles, three in a row; each face is this share of its tile's height."""
    across, down = width // 3, height // 3
    scale = share * down / FACE[2]
    call: Image = np.full((height, width, 3), 32, np.uint8)
    move = np.array([[scale, 0, across / 2 - scale * FACE[0]], [0, scale, down * 0.45 - scale * FACE[1]]])
    for index, face in enumerate(faces):
        row, column = divmod(index, 3)
        tile = cv2.warpAffine(face, move, (across, down), borderMode=cv2.BORDER_REPLICATE)
        call[row * down : (row + 1) * down, column * across : (column + 1) * across] = tile
    return call
