"""MELD (Poria et al., ACL 2019): dialogues of a sitcom, seven emotions; text from the official csv."""

import csv
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from engine.labels import EMOTIONS
from engine.prompt import Turn
from training.corpora.root import require


@dataclass(frozen=True, slots=True)
class Dialogue:
    """turns: speakers numbered by first appearance; labels: indices into EMOTIONS, one a turn."""

    name: str
    turns: tuple[Turn, ...]
    labels: tuple[int, ...]


def read_meld(root: Path, split: Literal["train", "dev"]) -> list[Dialogue]:
    """`meld/{split}_sent_emo.csv`, in the file's order."""
    path = require(
        root / "meld" / f"{split}_sent_emo.csv", "the official csv of MELD, https://github.com/declare-lab/MELD"
    )
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        _dialogue(f"meld-{split}-{name}", list(group)) for name, group in groupby(rows, lambda row: row["Dialogue_ID"])
    ]


def _dialogue(name: str, rows: list[dict[str, str]]) -> Dialogue:
    numbers: dict[str, int] = {}
    turns = tuple(Turn(numbers.setdefault(row["Speaker"], len(numbers) + 1), row["Utterance"]) for row in rows)
    return Dialogue(name, turns, tuple(EMOTIONS.index(row["Emotion"]) for row in rows))
