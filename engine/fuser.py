"""From what the students say to readings: one MAGT step for many dialogues, and the memory that it extends."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from engine.bundle import Bundle
from engine.calibration import Calibration, probabilities, subset_name
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.magt import Inputs, features
from engine.memory import MemoryView, NewEntries
from engine.reading import ModalityReading, Reading
from engine.shapley import Subset, shares, subsets
from engine.students import StudentOutput
from engine.verdict import most_probable, named, valence_arousal


class Owner(Protocol):
    """Who a slot of memory belongs to."""

    @property
    def slot(self) -> int: ...
    @property
    def closed(self) -> bool: ...


@dataclass(frozen=True, slots=True, eq=False)
class FuseJob:
    """One turn of one dialogue. speaker: from 0. commit: called once the turn is in memory; None for a glance."""

    owner: Owner
    outputs: Mapping[Modality, StudentOutput]
    speaker: int
    commit: Callable[[], None] | None


class Fuser:
    """The fusion of a bundle with memory for `slots` dialogues. Runs in the worker's thread alone."""

    def __init__(self, bundle: Bundle, slots: int, device: torch.device) -> None:
        self._model = bundle.fusion.to(device)
        self._calibration = bundle.calibration
        self._memory = self._model.memory(slots)
        self._owners: list[Owner | None] = [None] * slots
        widths = {m: self._model.config.embedding(m) for m in MODALITIES}
        self._nothing = {
            m: StudentOutput(torch.zeros(width, device=device), torch.zeros(len(EMOTIONS), device=device))
            for m, width in widths.items()
        }

    @torch.inference_mode()
    def fuse(self, jobs: Sequence[FuseJob]) -> list[Reading | Exception]:
        """A reading for each job, RuntimeError if its dialogue was closed. No two finals of one dialogue at once."""
        alive = [job for job in jobs if not job.owner.closed]
        readings = iter(self._step(alive) if alive else [])
        return [RuntimeError("the dialogue is closed") if job not in alive else next(readings) for job in jobs]

    def _step(self, jobs: Sequence[FuseJob]) -> list[Reading]:
        """Each job is one row for each subset of its modalities: the whole, and those that show what weighs."""
        self._hand_over(jobs)
        rows = [_rows(job) for job in jobs]
        sizes = [len(row) for row in rows]
        which = self._long([index for index, size in enumerate(sizes) for _ in range(size)])
        slots = self._long([job.owner.slot for job in jobs])
        inputs = self._inputs(jobs, [subset for row in rows for subset in row], which)
        output, entries = self._model.step(inputs, self._view(slots, which))
        logits = torch.split(output.logits.squeeze(1).double().cpu(), sizes)
        readings = [
            _reading(job, row, said, self._calibration) for job, row, said in zip(jobs, rows, logits, strict=True)
        ]
        self._remember(jobs, [sum(sizes[:index]) for index in range(len(jobs))], slots, entries)
        return readings

    def _view(self, slots: Tensor, which: Tensor) -> MemoryView:
        """What each row remembers; the rows of a single job share one copy of its slot."""
        return self._memory.view(slots).shared(len(which)) if len(slots) == 1 else self._memory.view(slots[which])

    def _remember(self, jobs: Sequence[FuseJob], whole: Sequence[int], slots: Tensor, entries: NewEntries) -> None:
        """Extend memory and history of the finals. Comes last, so that a batch that fails has changed nothing.

        whole: each job's row with all that it has.
        """
        finals = [(index, job.commit) for index, job in enumerate(jobs) if job.commit is not None]
        if finals:
            index = self._long([index for index, _ in finals])
            self._memory.write(slots[index], entries.rows(self._long(whole)[index]))
        for _, commit in finals:
            commit()

    def _hand_over(self, jobs: Sequence[FuseJob]) -> None:
        """Wipe each slot that changed hands: only now is all over that its old dialogue had queued."""
        for job in jobs:
            slot = job.owner.slot
            if self._owners[slot] is not job.owner:
                self._memory.clear(self._long([slot]))
                self._owners[slot] = job.owner

    def _inputs(self, jobs: Sequence[FuseJob], rows: Sequence[Subset], which: Tensor) -> Inputs:
        present = torch.tensor([[[m in subset for m in MODALITIES]] for subset in rows], device=which.device)
        seen: dict[Modality, Tensor] = {}
        for m in MODALITIES:
            said = [job.outputs.get(m, self._nothing[m]) for job in jobs]
            one_each = features(torch.stack([s.embedding for s in said]), torch.stack([s.logits for s in said]))
            seen[m] = one_each[which, None]
        speaker = self._long([job.speaker for job in jobs])[which, None]
        return Inputs(seen, present, speaker, torch.ones_like(speaker, dtype=torch.bool))

    def _long(self, values: Sequence[int]) -> Tensor:
        return torch.tensor(values, dtype=torch.long, device=self._memory.count.device)


def _rows(job: FuseJob) -> list[Subset]:
    """The subsets to run, the whole first: with one modality there is nothing to weigh."""
    whole = frozenset(job.outputs)
    return subsets(whole) if len(whole) > 1 else [whole]


def _reading(job: FuseJob, rows: Sequence[Subset], logits: Tensor, calibration: Calibration) -> Reading:
    """The reading of a job from the logits [rows, 7] of its subsets."""
    whole = rows[0]
    temperature = calibration.fused[subset_name({m: m in whole for m in MODALITIES})]
    fused = named(probabilities(logits[0], temperature))
    label = most_probable(fused)
    of_label = logits.log_softmax(-1)[:, EMOTIONS.index(label)].tolist()
    value = dict(zip(rows, of_label, strict=True))
    weight = shares(value) if len(whole) > 1 else dict.fromkeys(whole, 1.0)
    modalities: dict[Modality, ModalityReading] = {}
    for m in (m for m in MODALITIES if m in whole):
        alone = named(probabilities(job.outputs[m].logits.double().cpu(), calibration.alone[m]))
        modalities[m] = ModalityReading(weight[m], most_probable(alone), alone)
    valence, arousal = valence_arousal(fused)
    unsure = fused[label] < calibration.unsure_below
    return Reading(label, fused, fused[label], unsure, valence, arousal, modalities)
