"""Calibration by temperature (Guo et al., ICML 2017): what makes a probability mean what it says."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from torch import Tensor

from engine.labels import MODALITIES, Modality

SUBSETS: Final[tuple[tuple[Modality, ...], ...]] = tuple(
    subset for size in range(1, len(MODALITIES) + 1) for subset in combinations(MODALITIES, size)
)


def subset_name(present: Mapping[Modality, bool]) -> str:
    """The name of a set of modalities, in MODALITIES order: "text+audio", "video"."""
    return "+".join(m for m in MODALITIES if present[m])


@dataclass(frozen=True, slots=True)
class Calibration:
    """Temperatures, fitted on dev.

    fused: one for each subset of modalities that an utterance can have, by `subset_name`.
    alone: one for each student's own logits.
    unsure_below: a reading whose confidence is lower is called unsure.
    """

    fused: dict[str, float]
    alone: dict[Modality, float]
    unsure_below: float

    def __post_init__(self) -> None:
        wanted = {"+".join(subset) for subset in SUBSETS}
        if set(self.fused) != wanted:
            raise ValueError(f"fused temperatures must be for {sorted(wanted)}, not {sorted(self.fused)}")
        if set(self.alone) != set(MODALITIES):
            raise ValueError(f"students' temperatures must be for {list(MODALITIES)}, not {sorted(self.alone)}")
        if not all(math.isfinite(t) and t > 0 for t in (*self.fused.values(), *self.alone.values())):
            raise ValueError("temperatures must be finite and above 0")
        if not 0 <= self.unsure_below <= 1:
            raise ValueError(f"unsure_below must be a probability, not {self.unsure_below}")

    @classmethod
    def none(cls) -> "Calibration":
        """Before anything was fitted: every temperature 1, never unsure."""
        return cls({"+".join(subset): 1.0 for subset in SUBSETS}, dict.fromkeys(MODALITIES, 1.0), 0.0)


def probabilities(logits: Tensor, temperature: float | Tensor) -> Tensor:
    """Calibrated probabilities of logits [.., labels]."""
    return (logits / temperature).softmax(-1)
