"""A teacher: an encoder, an embedding of some of its last states, a classifier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import torch
from torch import Tensor, nn

from engine.students import StudentOutput

WHOLE: Final = 1 << 20  # more states than any encoder has


@dataclass(frozen=True, slots=True)
class Batch:
    """inputs: what the encoder's `forward` takes; first, count: long [B], the states whose mean is the embedding."""

    inputs: Mapping[str, Tensor]
    first: Tensor
    count: Tensor

    @classmethod
    def of(cls, inputs: Mapping[str, Tensor], first: int = 0, count: int = 1) -> "Batch":
        """The same states of every row; `WHOLE` for the mean of all."""
        rows = len(next(iter(inputs.values())))
        return cls(inputs, torch.full((rows,), first), torch.full((rows,), count))

    def to(self, device: torch.device) -> "Batch":
        inputs = {name: value.to(device) for name, value in self.inputs.items()}
        return Batch(inputs, self.first.to(device), self.count.to(device))


class Rows(Protocol):
    """Labelled utterances, decoded when a batch of them is asked for."""

    @property
    def labels(self) -> Tensor:
        """Long [n]."""
        ...

    @property
    def lengths(self) -> Tensor:
        """[n], in any unit: rows of like length are put into one batch."""
        ...

    def batch(self, indices: Sequence[int]) -> Batch: ...


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a teacher of one modality learns from. classes: the labels of its corpus, by name."""

    model: "Teacher"
    train: Rows
    dev: Rows
    classes: Sequence[str]


class Teacher(nn.Module):
    """encoder: gives `last_hidden_state` [B, L, width]. Output: embedding [B, D] and logits [B, classes]."""

    def __init__(self, encoder: nn.Module, width: int, embedding: int, classes: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder, self.embed = encoder, nn.Linear(width, embedding)
        self.dropout, self.head = nn.Dropout(dropout), nn.Linear(embedding, classes)

    @property
    def device(self) -> torch.device:
        return self.head.weight.device

    def forward(self, batch: Batch) -> StudentOutput:
        states = self.encoder(**batch.inputs).last_hidden_state
        place = torch.arange(states.shape[1], device=states.device)
        first, last = batch.first.unsqueeze(1), (batch.first + batch.count).unsqueeze(1)
        chosen = ((place >= first) & (place < last)).to(states.dtype)
        mean = torch.einsum("bl,blw->bw", chosen, states) / chosen.sum(dim=1, keepdim=True)
        embedding = self.embed(self.dropout(mean))
        return StudentOutput(embedding, self.head(self.dropout(embedding)))


def read_all(model: Teacher, rows: Rows, batch: int) -> StudentOutput:
    """The teacher's outputs for all rows, in their order, float32 on the CPU."""
    model.eval()
    order = rows.lengths.argsort(stable=True)
    parts: list[StudentOutput] = []
    with torch.inference_mode():
        for indices in order.split(batch):  # type: ignore[no-untyped-call]
            out = model(rows.batch(indices.tolist()).to(model.device))
            parts.append(StudentOutput(out.embedding.float().cpu(), out.logits.float().cpu()))
    back = order.argsort()
    return StudentOutput(
        torch.cat([part.embedding for part in parts])[back], torch.cat([part.logits for part in parts])[back]
    )
