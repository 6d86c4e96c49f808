"""axe-core in a page: what it finds against WCAG 2.2 and good practice."""

from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page

_AXE: Final = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
_RUN: Final = "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)"


def violations(page: Page) -> list[str]:
    """One line for each element that breaks a rule; none is what is wanted. Skips where axe-core is not installed."""
    if not _AXE.is_file():
        pytest.skip("axe-core is missing: `make page`")
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    found = page.evaluate(_RUN)
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[-1].strip()})"
        for rule in found
        for node in rule["nodes"]
    ]
