"""Documents held to grammars that were written from the formats' specifications: nothing is fetched in a test."""

from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree


def keeps(root: Any, name: str) -> bool:
    """Whether a document is one of the RELAX NG grammar of this name, which lies beside this file."""
    return bool(_grammar(name).validate(root))


@cache
def _grammar(name: str) -> Any:
    return etree.RelaxNG(etree.parse(str(Path(__file__).with_name(f"{name}.rng"))))
