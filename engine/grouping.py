"""Batches of like length, so that little of what is computed is padding."""

from collections.abc import Sequence
from typing import Final

import torch

from engine.students import StudentOutput

_SHORTEST: Final = 0.6  # of the longest in a batch: below it, a batch of its own costs less than the padding


def alike(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Indices of all `lengths` in batches of at most `most`, longest first."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and len(batches[-1]) < most and lengths[index] >= _SHORTEST * lengths[batches[-1][0]]:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def in_order(said: Sequence[StudentOutput], batches: Sequence[Sequence[int]]) -> StudentOutput:
    """What was said of such batches, back in the order of what they were made of."""
    embedding, logits = torch.cat([s.embedding for s in said]), torch.cat([s.logits for s in said])
    back = torch.tensor([i for batch in batches for i in batch]).argsort()
    return StudentOutput(embedding[back], logits[back])
