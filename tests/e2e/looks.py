"""Two pictures of one screen: how much they differ, whatever fonts drew them."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

_SCALE: Final = 4
_BITS: Final = 4
"""Of each channel: every pixel is rounded by itself, so that what changes in one place changes nothing in another."""
_BLOCK: Final = 5
"""Pixels of the reduced picture: as high as a line of text, whose mean hardly depends on the font."""
_CLEARLY: Final = 8
"""Of 255, in any channel of a block's mean."""


def reduced(path: Path) -> Image.Image:
    """A picture at a quarter of its width and height and in few colours: some kilobytes."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").resize((picture.width // _SCALE, picture.height // _SCALE), Image.Resampling.BOX)
    return ImageOps.posterize(small, _BITS)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Share of the blocks whose mean differs clearly, 0 to 1; 1 where the sizes differ."""
    if one.size != other.size:
        return 1.0
    first, second = (_blocks(picture) for picture in (one, other))
    return float((np.abs(first - second).max(axis=-1) > _CLEARLY).mean())


def _blocks(picture: Image.Image) -> npt.NDArray[np.int16]:
    small = picture.convert("RGB").resize((picture.width // _BLOCK, picture.height // _BLOCK), Image.Resampling.BOX)
    return np.asarray(small, np.int16)
