"""The fusion on a GPU: a step is one graph for each size of batch, with the memory read and extended inside."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Final

import torch
from torch import Tensor

from engine.cuda.graphs import Fixed, Graphs, in_sizes
from engine.cuda.packed import Fields, fetched
from engine.fusion import Answers, Batch
from engine.labels import MODALITIES, Modality
from engine.magt import Magt, MagtConfig, features
from engine.memory import RingMemory
from engine.step import Step, Turns

SIZES: Final = (1, 8, 64, 256)
_WAYS: Final = 2 ** len(MODALITIES)  # to see a turn: always as many, some of them with nothing at all


class GraphFusion:
    """Paths and memory in `dtype`, answers in float32.

    Slot 0 of the memory is nobody's: the rows that fill a batch up, all zero, read it and write to it.
    """

    most = SIZES[-1]

    def __init__(self, model: Magt, slots: int, device: torch.device, dtype: torch.dtype) -> None:
        model = deepcopy(model).to(device)
        self._config, self._memory = model.config, model.memory(1 + slots, dtype)
        graphs, step = Graphs(device), Step(model, dtype)
        # The largest first: the others find room in its memory.
        self._rounds = {size: _Round(size, step, model.config, self._memory, graphs) for size in reversed(SIZES)}

    def clear(self, slot: int) -> None:
        """Forget everything in a slot."""
        self._memory.clear(1 + slot)

    def step(self, batch: Batch) -> Answers:
        """What each turn is, seen in each way."""
        ((rows, size),) = in_sizes(len(batch.slots), SIZES)
        chosen = self._rounds[size]
        inputs = chosen.answer.blank()
        _fill(inputs.parts, batch)
        (found,) = fetched([chosen.answer(inputs)])
        labels = self._config.labels
        logits, attended, turns = torch.split(found[: len(rows)], [_WAYS * labels, self._config.window, 1], dim=1)
        logits = logits.reshape(-1, _WAYS, labels)
        remember = chosen.remember if batch.finals else _nothing
        return Answers(logits, attended, turns.flatten().long().tolist(), remember)


class _Round:
    """One size of batch: the step, and what follows it where there are finals, the writing into memory."""

    def __init__(self, size: int, step: Step, config: MagtConfig, memory: RingMemory, graphs: Graphs) -> None:
        self._step, self._memory = step, memory
        self.answer = Fixed(graphs, _fields(size, config), self._answer)
        self.remember = graphs.capture(self._extend)

    def _answer(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Float64 [size, _WAYS x labels + W + 1]: logits, what was attended to, and the number of the turn."""
        seen = {m: features(inputs[_embedding(m)], inputs[_logits(m)]) for m in MODALITIES}
        memory = self._memory.gather(inputs["slot"])
        output = self._step(Turns(seen, inputs["present"], inputs["speaker"]), memory)
        self._into, self._entries = inputs["into"], output.entries
        parts = (output.logits.flatten(1), output.attended, memory.position[:, None])
        return torch.cat([part.double() for part in parts], dim=1)

    def _extend(self) -> None:
        self._memory.append(self._into, self._entries)


def _fields(size: int, config: MagtConfig) -> Fields:
    """Of a batch; into: the slot to remember a turn in, 0 for a glance."""
    said = {_embedding(m): ((size, config.embedding(m)), torch.float32) for m in MODALITIES}
    said |= {_logits(m): ((size, config.labels), torch.float32) for m in MODALITIES}
    numbers = dict.fromkeys(("speaker", "slot", "into"), ((size,), torch.long))
    return {**said, **numbers, "present": ((size, _WAYS, len(MODALITIES)), torch.bool)}


def _fill(parts: Mapping[str, Tensor], batch: Batch) -> None:
    n = len(batch.slots)
    for m in MODALITIES:
        torch.stack([said.embedding for said in batch.said[m]], out=parts[_embedding(m)][:n])
        torch.stack([said.logits for said in batch.said[m]], out=parts[_logits(m)][:n])
    present, slots = torch.tensor(batch.present), torch.tensor(batch.slots)
    parts["present"][:n, : present.shape[1]] = present
    parts["speaker"][:n] = torch.tensor(batch.speakers)
    parts["slot"][:n] = 1 + slots
    final = torch.tensor(batch.finals, dtype=torch.long)
    parts["into"][final] = 1 + slots[final]


def _embedding(modality: Modality) -> str:
    return f"{modality} embedding"


def _logits(modality: Modality) -> str:
    return f"{modality} logits"


def _nothing() -> None:
    """There is nothing to remember."""
