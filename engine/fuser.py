"""From what the students say to readings: a step of the fusion for many dialogues at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import torch

from engine.bundle import Bundle
from engine.fusion import Batch, Fusion
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.reading import Reading
from engine.readings import readings
from engine.shapley import Subset, subsets
from engine.students import StudentOutput


class Owner(Protocol):
    """Who a slot of memory belongs to."""

    @property
    def slot(self) -> int: ...
    @property
    def closed(self) -> bool: ...


@dataclass(frozen=True, slots=True, eq=False)
class FuseJob:
    """One turn of one dialogue, its outputs on the host. speaker: from 0.

    commit: called once the turn is in memory; None for a glance.
    """

    owner: Owner
    outputs: Mapping[Modality, StudentOutput]
    speaker: int
    commit: Callable[[], None] | None


class Fuser:
    """Readings from a fusion with memory for `slots` dialogues. Runs in the worker's thread alone."""

    def __init__(self, bundle: Bundle, fusion: Fusion, slots: int) -> None:
        self._fusion, self._calibration = fusion, bundle.calibration
        self._owners: list[Owner | None] = [None] * slots
        widths = {m: bundle.fusion.config.embedding(m) for m in MODALITIES}
        silent = torch.zeros(len(EMOTIONS))
        self._nothing = {m: StudentOutput(torch.zeros(width), silent) for m, width in widths.items()}

    @torch.inference_mode()
    def fuse(self, jobs: Sequence[FuseJob]) -> list[Reading | Exception]:
        """A reading for each job, RuntimeError if its dialogue was closed. No two finals of one dialogue at once."""
        closed = [job.owner.closed for job in jobs]
        alive = [job for job, over in zip(jobs, closed, strict=True) if not over]
        found = iter(self._read(alive) if alive else [])
        return [RuntimeError("the dialogue is closed") if over else next(found) for over in closed]

    def _read(self, jobs: Sequence[FuseJob]) -> list[Reading]:
        """Each job is seen with each subset of its modalities: the whole, and those that show what weighs."""
        self._hand_over(jobs)
        ways = [_ways(job) for job in jobs]
        batch = self._batch(jobs, ways)
        answers = self._fusion.step(batch)
        found = readings([job.outputs for job in jobs], ways, batch.finals, answers, self._calibration)
        # Memory and history come last, so that a batch that fails has changed nothing.
        answers.remember()
        for job in jobs:
            if job.commit is not None:
                job.commit()
        return found

    def _hand_over(self, jobs: Sequence[FuseJob]) -> None:
        """Wipe each slot that changed hands: only now is all over that its old dialogue had queued."""
        for job in jobs:
            slot = job.owner.slot
            if self._owners[slot] is not job.owner:
                self._fusion.clear(slot)
                self._owners[slot] = job.owner

    def _batch(self, jobs: Sequence[FuseJob], ways: Sequence[tuple[Subset, ...]]) -> Batch:
        """Jobs with fewer ways than others are seen some more times with nothing at all."""
        most = max(map(len, ways))
        return Batch(
            slots=[job.owner.slot for job in jobs],
            said={m: [job.outputs.get(m, self._nothing[m]) for job in jobs] for m in MODALITIES},
            present=[_present(way, most) for way in ways],
            speakers=[job.speaker for job in jobs],
            finals=[i for i, job in enumerate(jobs) if job.commit is not None],
        )


def _ways(job: FuseJob) -> tuple[Subset, ...]:
    """The subsets to run, the whole first: with one modality there is nothing to weigh."""
    whole = frozenset(job.outputs)
    return subsets(whole) if len(whole) > 1 else (whole,)


@cache
def _present(way: tuple[Subset, ...], most: int) -> Sequence[Sequence[bool]]:
    """Which modalities are seen in each of so many ways."""
    filled = [*way, *[frozenset[Modality]()] * (most - len(way))]
    return [[m in subset for m in MODALITIES] for subset in filled]
