"""How far a long reading has come, for who looks at a terminal."""

import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.progress import track

Item = TypeVar("Item")


def progress(items: Sequence[Item], doing: str) -> Iterable[Item]:
    """The items, with a bar while they are worked through; none where nobody would see it."""
    return track(items, doing, transient=True, disable=not items or not sys.stdout.isatty())
