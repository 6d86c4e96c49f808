"""What every student says."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class StudentOutput:
    """embedding: [B, D], what the fusion reads; logits: [B, 7], in the order of `engine.labels.EMOTIONS`."""

    embedding: Tensor
    logits: Tensor
