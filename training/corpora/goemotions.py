"""GoEmotions (Demszky et al., ACL 2020): single comments with one or more of 28 labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from training.corpora.root import MissingCorpus, require

CLASSES: Final = 28


@dataclass(frozen=True, slots=True)
class Comments:
    """labels: float [n, 28], 1 where a comment has the label."""

    texts: list[str]
    labels: Tensor


def read_goemotions(root: Path, split: str) -> Comments:
    """`goemotions/{split}.tsv`: text, label numbers, id."""
    path = require(root / "goemotions" / f"{split}.tsv", "GoEmotions' tsv: text, label ids, comment id")
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]
    labels = torch.zeros(len(rows), CLASSES)
    for index, row in enumerate(rows):
        if len(row) != 3:
            raise MissingCorpus(f"{path}, line {index + 1}: needs text, label ids and id, between tabs")
        labels[index, [int(number) for number in row[1].split(",")]] = 1.0
    return Comments([row[0] for row in rows], labels)
