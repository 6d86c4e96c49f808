"""From what the students say to readings: one MAGT step for many dialogues, and the memory that it extends."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import torch
from torch import Tensor

from engine.bundle import Bundle
from engine.calibration import Calibration, probabilities, subset_name
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.magt import features
from engine.memory import NewEntries
from engine.reading import Attended, ModalityReading, Reading
from engine.shapley import Subset, shares, subsets
from engine.step import Step, Turns
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
    """One turn of one dialogue. speaker: from 0. commit: called once the turn is in memory; None for a glance."""

    owner: Owner
    outputs: Mapping[Modality, StudentOutput]
    speaker: int
    commit: Callable[[], None] | None


class Fuser:
    """The fusion of a bundle with memory for `slots` dialogues. Runs in the worker's thread alone."""

    def __init__(self, bundle: Bundle, slots: int, device: torch.device) -> None:
        model = bundle.fusion.to(device)
        self._device = device
        self._step = Step(model)
        self._calibration = bundle.calibration
        self._memory = model.memory(slots)
        self._owners: list[Owner | None] = [None] * slots
        widths = {m: model.config.embedding(m) for m in MODALITIES}
        self._nothing = {
            m: StudentOutput(torch.zeros(width, device=device), torch.zeros(len(EMOTIONS), device=device))
            for m, width in widths.items()
        }

    @torch.inference_mode()
    def fuse(self, jobs: Sequence[FuseJob]) -> list[Reading | Exception]:
        """A reading for each job, RuntimeError if its dialogue was closed. No two finals of one dialogue at once."""
        alive = [job for job in jobs if not job.owner.closed]
        readings = iter(self._read(alive) if alive else [])
        return [RuntimeError("the dialogue is closed") if job not in alive else next(readings) for job in jobs]

    def _read(self, jobs: Sequence[FuseJob]) -> list[Reading]:
        """Each job is seen with each subset of its modalities: the whole, and those that show what weighs."""
        self._hand_over(jobs)
        ways = [_ways(job) for job in jobs]
        memory = self._memory.view([job.owner.slot for job in jobs])
        output = self._step(self._turns(jobs, ways), memory)
        logits, attended, turns = output.logits.double().cpu(), output.attended.cpu(), memory.position.tolist()
        readings = [
            _reading(job, ways[i], logits[i], self._calibration, turns[i], _attended(job, attended[i], turns[i]))
            for i, job in enumerate(jobs)
        ]
        self._remember(jobs, output.entries)
        return readings

    def _remember(self, jobs: Sequence[FuseJob], entries: NewEntries) -> None:
        """Extend memory and history of the finals. Comes last, so that a batch that fails has changed nothing."""
        finals = [i for i, job in enumerate(jobs) if job.commit is not None]
        if finals:
            self._memory.write([jobs[i].owner.slot for i in finals], entries.rows(finals))
        for job in jobs:
            if job.commit is not None:
                job.commit()

    def _hand_over(self, jobs: Sequence[FuseJob]) -> None:
        """Wipe each slot that changed hands: only now is all over that its old dialogue had queued."""
        for job in jobs:
            slot = job.owner.slot
            if self._owners[slot] is not job.owner:
                self._memory.clear(slot)
                self._owners[slot] = job.owner

    def _turns(self, jobs: Sequence[FuseJob], ways: Sequence[Sequence[Subset]]) -> Turns:
        """Jobs with fewer ways than others are seen some more times with nothing at all."""
        most = max(map(len, ways))
        present = [[[m in subset for m in MODALITIES] for subset in _filled(way, most)] for way in ways]
        seen: dict[Modality, Tensor] = {}
        for m in MODALITIES:
            said = [job.outputs.get(m, self._nothing[m]) for job in jobs]
            seen[m] = features(torch.stack([s.embedding for s in said]), torch.stack([s.logits for s in said]))
        speaker = torch.tensor([job.speaker for job in jobs], device=self._device)
        return Turns(seen, torch.tensor(present, device=self._device), speaker)


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
        alone = named(probabilities(job.outputs[m].logits.double().cpu(), calibration.alone[m]))
        modalities[m] = ModalityReading(weight[m], most_probable(alone), alone)
    valence, arousal = valence_arousal(fused)
    unsure = fused[label] < calibration.unsure_below
    return Reading(label, fused, fused[label], unsure, valence, arousal, modalities, turn, attended)
