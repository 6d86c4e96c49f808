"""From what the students say to readings: a step of the fusion for many dialogues, and what each modality weighed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import torch
from torch import Tensor

from engine.bundle import Bundle
from engine.calibration import Calibration, probabilities, subset_name
from engine.fusion import Batch, Fusion
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.reading import Attended, ModalityReading, Reading
from engine.shapley import Subset, shares, subsets
from engine.students import StudentOutput
from engine.verdict import most_probable, named, valence_arousal

_MOST_ATTENDED: Final = 5
_LEAST_ATTENDED: Final = 0.02


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
        readings = iter(self._read(alive) if alive else [])
        return [RuntimeError("the dialogue is closed") if over else next(readings) for over in closed]

    def _read(self, jobs: Sequence[FuseJob]) -> list[Reading]:
        """Each job is seen with each subset of its modalities: the whole, and those that show what weighs."""
        self._hand_over(jobs)
        ways = [_ways(job) for job in jobs]
        answers = self._fusion.step(self._batch(jobs, ways))
        logits, attended, turns = answers.logits, answers.attended, answers.turns
        readings = [
            _reading(job, ways[i], logits[i], self._calibration, turns[i], _attended(job, attended[i], turns[i]))
            for i, job in enumerate(jobs)
        ]
        # Memory and history come last, so that a batch that fails has changed nothing.
        answers.remember()
        for job in jobs:
            if job.commit is not None:
                job.commit()
        return readings

    def _hand_over(self, jobs: Sequence[FuseJob]) -> None:
        """Wipe each slot that changed hands: only now is all over that its old dialogue had queued."""
        for job in jobs:
            slot = job.owner.slot
            if self._owners[slot] is not job.owner:
                self._fusion.clear(slot)
                self._owners[slot] = job.owner

    def _batch(self, jobs: Sequence[FuseJob], ways: Sequence[Sequence[Subset]]) -> Batch:
        """Jobs with fewer ways than others are seen some more times with nothing at all."""
        most = max(map(len, ways))
        return Batch(
            slots=[job.owner.slot for job in jobs],
            said={m: [job.outputs.get(m, self._nothing[m]) for job in jobs] for m in MODALITIES},
            present=[[[m in subset for m in MODALITIES] for subset in _filled(way, most)] for way in ways],
            speakers=[job.speaker for job in jobs],
            finals=[i for i, job in enumerate(jobs) if job.commit is not None],
        )


def _ways(job: FuseJob) -> list[Subset]:
    """The subsets to run, the whole first: with one modality there is nothing to weigh."""
    whole = frozenset(job.outputs)
    return subsets(whole) if len(whole) > 1 else [whole]


def _filled(way: Sequence[Subset], most: int) -> list[Subset]:
    return [*way, *[frozenset[Modality]()] * (most - len(way))]


def _attended(job: FuseJob, weights: Tensor, turn: int) -> tuple[Attended, ...]:
    """The earlier turns that weigh most, from weights [W] in ring order."""
    if job.commit is None:
        return ()
    window = len(weights)
    most = weights.topk(min(_MOST_ATTENDED, window))
    # The turn before this one lies at ring index (turn - 1) % W, and so on back.
    found = zip(most.indices.tolist(), most.values.tolist(), strict=True)
    return tuple(
        Attended(turn - 1 - (turn - 1 - index) % window, weight) for index, weight in found if weight >= _LEAST_ATTENDED
    )


def _reading(
    job: FuseJob,
    ways: Sequence[Subset],
    logits: Tensor,
    calibration: Calibration,
    turn: int,
    attended: tuple[Attended, ...],
) -> Reading:
    """The reading of a job from the logits [R, 7] of the ways to see it."""
    whole = ways[0]
    temperature = calibration.fused[subset_name({m: m in whole for m in MODALITIES})]
    fused = named(probabilities(logits[0], temperature))
    label = most_probable(fused)
    of_label = logits.log_softmax(-1)[:, EMOTIONS.index(label)].tolist()
    value = dict(zip(ways, of_label, strict=False))
    weight = shares(value) if len(whole) > 1 else dict.fromkeys(whole, 1.0)
    modalities: dict[Modality, ModalityReading] = {}
    for m in (m for m in MODALITIES if m in whole):
        alone = named(probabilities(job.outputs[m].logits.double(), calibration.alone[m]))
        modalities[m] = ModalityReading(weight[m], most_probable(alone), alone)
    valence, arousal = valence_arousal(fused)
    unsure = fused[label] < calibration.unsure_below
    return Reading(label, fused, fused[label], unsure, valence, arousal, modalities, turn, attended)
