"""One step of the fusion for a batch of dialogues, from what students said to answers, and the memory it extends."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from engine.labels import MODALITIES, Modality
from engine.magt import Magt, features
from engine.step import Step, Turns
from engine.students import StudentOutput


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The next turn of B dialogues, each to be seen in R ways.

    slots: of memory; said: by each student, zeros if it said nothing; present: [B][R][3] in MODALITIES order, the whole
    first; speakers: from 0. finals: indices of those to remember, no slot twice.
    """

    slots: Sequence[int]
    said: Mapping[Modality, Sequence[StudentOutput]]
    present: Sequence[Sequence[Sequence[bool]]]
    speakers: Sequence[int]
    finals: Sequence[int]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """logits: float64 [B, R, labels]; attended: [B, W], as `Step` has it; turns: the number of each turn.

    remember: puts the finals into memory; until it is called nothing has changed there. Good until the next step.
    """

    logits: Tensor
    attended: Tensor
    turns: Sequence[int]
    remember: Callable[[], None]


class Fusion(Protocol):
    """A fusion with its memory. most: turns in a batch. Everything in and out is on the host."""

    most: int

    def step(self, batch: Batch) -> Answers: ...
    def clear(self, slot: int) -> None: ...


class HostFusion:
    """On a CPU, in float32: a batch of any size as it comes, and one dialogue's memory where it lies."""

    most = 6  # what a larger batch copies does not fit the caches of a CPU

    def __init__(self, model: Magt, slots: int) -> None:
        self._step, self._memory = Step(model), model.memory(slots)

    def clear(self, slot: int) -> None:
        """Forget everything in a slot."""
        self._memory.clear(slot)

    def step(self, batch: Batch) -> Answers:
        """What each turn is, seen in each way."""
        memory = self._memory.view(batch.slots)
        output = self._step(_turns(batch), memory)

        def remember() -> None:
            if batch.finals:
                self._memory.write([batch.slots[i] for i in batch.finals], output.entries.rows(batch.finals))

        return Answers(output.logits.double(), output.attended, memory.position.tolist(), remember)


def _turns(batch: Batch) -> Turns:
    seen: dict[Modality, Tensor] = {}
    for m in MODALITIES:
        said = batch.said[m]
        seen[m] = features(torch.stack([s.embedding for s in said]), torch.stack([s.logits for s in said]))
    return Turns(seen, torch.tensor(batch.present), torch.tensor(batch.speakers))
