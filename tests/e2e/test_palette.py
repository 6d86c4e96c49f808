"""Emotions are told apart whatever colours their reader can see: by Chromium's own simulation of colour vision.

It follows Machado, Oliveira and Fernandes (2009). The picture that it takes is docs/palette.png.
"""

from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Page

from engine.labels import EMOTIONS
from tests.e2e.conftest import OpenPage
from tests.e2e.screens import SCHEMES

VISIONS: Final = ("none", "protanopia", "deuteranopia", "tritanopia", "achromatopsia")
LEAST: Final = 0.04
"""Mean distance of two pictograms' pixels in OKLab, where black to white is 1. Without any colour it is 0.049."""
STYLE: Final = """
    body { visibility: hidden; }
    [aria-label^=Shapes] { visibility: visible; position: fixed; inset: 0 auto auto 0; width: max-content; }
    [aria-label^=Shapes] { flex-wrap: nowrap !important; gap: 1.75rem !important; padding: 0.75rem 1.5rem; }
    [aria-label^=Shapes]::before { content: attr(data-vision); width: 8.5rem; align-self: center; font-weight: 600; }
    [aria-label^=Shapes] svg { width: 48px; height: 48px; }
"""


@pytest.fixture
def legend(open_page: OpenPage) -> Page:
    page = open_page("conversation=palette&watch=1", viewport={"width": 1440, "height": 300})
    page.add_style_tag(content=STYLE)
    return page


def test_every_two_emotions_differ_for_every_kind_of_colour_vision(legend: Page, artifacts: Path) -> None:
    shapes = legend.get_by_role("list", name="Shapes")
    # Only as long as this session is open.
    devtools = legend.context.new_cdp_session(legend)
    rows = []
    for scheme in SCHEMES:
        legend.emulate_media(color_scheme=scheme)
        for vision in VISIONS:
            devtools.send("Emulation.setEmulatedVisionDeficiency", {"type": vision})
            shapes.evaluate(
                "(list, vision) => list.dataset.vision = vision", vision if vision != "none" else "as drawn"
            )
            drawn = {label: _pictogram(legend, label) for label in EMOTIONS}
            apart = {pair: _distance(drawn[pair[0]], drawn[pair[1]]) for pair in combinations(EMOTIONS, 2)}
            nearest = min(apart, key=lambda pair: apart[pair])
            assert apart[nearest] > LEAST, f"{nearest} with {vision}, {scheme}"
            rows.append(_picture(shapes.screenshot()))
    _stack(rows).save(artifacts / "palette.png", optimize=True)


def _pictogram(page: Page, label: str) -> npt.NDArray[np.float64]:
    shape = page.locator(f"[aria-label^=Shapes] li:has-text('{label}') svg").first
    return _oklab(np.asarray(_picture(shape.screenshot()).resize((48, 48)), np.float64) / 255)


def _picture(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGB")


def _distance(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    return float(np.linalg.norm(one - other, axis=-1).mean())


def _oklab(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of sRGB, 0 to 1: a space in which equal distances look equal (Ottosson, 2020)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    answer: npt.NDArray[np.float64] = np.cbrt(linear @ cones.T) @ lab.T
    return answer


def _stack(rows: list[Image.Image]) -> Image.Image:
    whole = Image.new("RGB", (max(row.width for row in rows), sum(row.height for row in rows)))
    top = 0
    for row in rows:
        whole.paste(row, (0, top))
        top += row.height
    return whole
