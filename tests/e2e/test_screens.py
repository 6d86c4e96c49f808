"""What every screen looks like, in both themes and three widths, beside what it looked like last.

All pictures are kept in artifacts/. The references, in tests/e2e/reference/, are a quarter of their size and compared
with a tolerance. Other fonts move whole panels: where they are not those of the references, pictures are only taken.
`pytest tests/e2e/test_screens.py --update-screens` keeps the present ones as the references.
"""

from pathlib import Path
from typing import Final

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.e2e.conftest import Show
from tests.e2e.looks import difference, reduced
from tests.e2e.screens import CHANGING, SCHEMES, SCREENS, Scheme, Screen

REFERENCE: Final = Path(__file__).parent / "reference"
TOLERANCE: Final = 0.015
"""Share of a picture that may differ. Taken again, it is at most 0.006; without a row of buttons, 0.06 and more."""
FONT: Final = REFERENCE / "font.txt"
PROBE: Final = """() => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.font = `100px ${getComputedStyle(document.body).fontFamily}`;
    return canvas.measureText("Hamburgefonstiv 0123456789").width.toFixed(0);
}"""

# Drawings sign for which width and scheme they were made; they follow both a frame or more later.
DRAWN: Final = """() => [...document.querySelectorAll("[data-drawn]")].every((drawing) =>
    drawing.dataset.drawn === `${drawing.clientWidth} ${getComputedStyle(drawing).getPropertyValue("--ink").trim()}`)"""
# Rows that are measured anew move those below them, and what is scrolled, for some frames.
STILL: Final = """() => new Promise((done) => {
    let before = "", same = 0;
    const look = () => {
        const all = [...document.querySelectorAll("body *")];
        const now = all.map((one) => [one.offsetTop, one.clientHeight, one.scrollTop]).join();
        same = now === before ? same + 1 : 0;
        before = now;
        if (same < 3) requestAnimationFrame(look);
        else done();
    };
    look();
})"""


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_a_screen_looks_as_it_did(screen: Screen, show: Show, artifacts: Path, request: pytest.FixtureRequest) -> None:
    page = show(screen)
    font, update = page.evaluate(PROBE), request.config.getoption("--update-screens", default=False)
    different = []
    for width, height in screen.sizes:
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            name = f"{screen.name}-{width}-{scheme}.png"
            _take(page, scheme, artifacts / name)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if update:
                reduced(artifacts / name).save(REFERENCE / name, optimize=True)
            elif not _alike(artifacts / name, REFERENCE / name):
                different.append(name)
    if update:
        FONT.write_text(f"{font}\n")
    elif font != FONT.read_text().strip():
        pytest.skip("the references were drawn with other fonts; the pictures are in artifacts/")
    assert not different, f"look at them in {artifacts}; if they are as they should be: --update-screens"


def test_every_screen_is_in_the_table_of_the_docs() -> None:
    page = (REFERENCE.parents[2] / "docs/page.md").read_text(encoding="utf-8")
    assert [screen.name for screen in SCREENS if f"`{screen.name}`" not in page] == []


def test_the_tolerance_finds_a_panel_that_is_missing() -> None:
    with Image.open(REFERENCE / "talk-1440-light.png") as picture:
        whole = picture.convert("RGB")
    without = whole.copy()
    without.paste((246, 245, 241), (whole.width // 2, 30, whole.width, whole.height))
    assert difference(whole, whole) == 0
    assert difference(whole, without) > TOLERANCE


def _alike(picture: Path, reference: Path) -> bool:
    if not reference.is_file():
        return False
    with Image.open(reference) as known:
        return difference(reduced(picture), known) <= TOLERANCE


def _take(page: Page, scheme: Scheme, path: Path) -> None:
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(DRAWN)
    page.evaluate(STILL)
    page.screenshot(path=path, animations="disabled", caret="hide", style=CHANGING)
