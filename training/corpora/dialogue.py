"""A labelled dialogue, as every text corpus is read."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.prompt import Turn
from training.corpora.root import MissingCorpus


@dataclass(frozen=True, slots=True)
class Dialogue:
    """turns: speakers numbered by first appearance; labels: indices into the corpus's own `LABELS`, one a turn."""

    name: str
    turns: tuple[Turn, ...]
    labels: tuple[int, ...]


def make_dialogue(name: str, said: Iterable[tuple[str, str, str]], labels: Sequence[str]) -> Dialogue:
    """said: speaker, words and label of each turn. Raises ValueError for a label that is not among `labels`."""
    numbers: dict[str, int] = {}
    turns: list[Turn] = []
    indices: list[int] = []
    for speaker, text, label in said:
        if label not in labels:
            raise ValueError(f"{name}: {label!r} is no label here; these are: {', '.join(labels)}")
        turns.append(Turn(numbers.setdefault(speaker, len(numbers) + 1), text))
        indices.append(labels.index(label))
    return Dialogue(name, tuple(turns), tuple(indices))


def read_csv(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a csv with a header. Raises MissingCorpus if one of `columns` is not there."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise MissingCorpus(f"{path} has no column {', '.join(missing)}: it needs {', '.join(columns)}")
        return list(reader)
