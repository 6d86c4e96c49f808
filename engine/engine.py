"""The engine: a bundle on a device, with memory for many dialogues. Usable alone, as a library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import numpy as np
import numpy.typing as npt
from torch import Tensor

from engine.bundle import Bundle
from engine.device import device_named
from engine.dialogue import Dialogue
from engine.encoder import EncodeJob, Encoder
from engine.errors import EngineFull
from engine.fuser import FuseJob, Fuser
from engine.labels import EMOTIONS, Emotion, Modality
from engine.placement import placed
from engine.precision import Precision
from engine.reading import FaceReading, Reading
from engine.students import StudentOutput
from engine.threads import THREADS, one_thread_each
from engine.utterance import FACE_SIZE
from engine.verdict import verdicts
from engine.worker import Stage, Worker, run_apart

QUEUE: Final = 256

_Read = Mapping[Modality, StudentOutput] | Reading


@dataclass(frozen=True, slots=True, eq=False)
class _ReadJob:
    """What to encode. turn: what is then to be fused, with the outputs that are there already; None for nothing."""

    encode: EncodeJob
    turn: FuseJob | None


class Engine:
    """Reads dialogues with one bundle. All heavy work runs in one thread of its own, in batches; close it when done."""

    labels: Final[tuple[Emotion, ...]] = EMOTIONS

    def __init__(
        self,
        bundle: Bundle,
        *,
        device: str = "auto",
        slots: int = 64,
        queue: int | None = None,
        precision: Precision = "auto",
        lanes: int = 1,
    ) -> None:
        """slots: dialogues open at once; queue: jobs that wait at most (what happens then: `Worker.run`), by default
        QUEUE, or four batches if that is more.

        precision: as `engine.precision.chosen`; "auto" is what is faster here and as good. lanes: students that run at
        once on a CPU. `device` then says where all runs, `text_by` what reads the words, ONNX Runtime or torch, and
        `dtype` what "auto" chose. Raises DeviceError.
        """
        self.device = device_named(device)
        self.bundle = bundle
        self._free = list(range(slots - 1, -1, -1))
        self._students, fusion = placed(bundle, self.device, slots, precision, lanes)
        self.text_by, self.dtype = self._students.text_by, self._students.dtype
        self._encoder, fuser = Encoder(self._students), Fuser(bundle, fusion, slots)
        self._faces = Stage(self._encoder.faces, self._students.most)
        self._fuse = Stage(fuser.fuse, fusion.most)
        self._read: Stage[_ReadJob, _Read] = Stage(self._encode_and_fuse, self._students.most)
        self._worker = Worker(queue or max(QUEUE, 4 * fusion.most))

    @classmethod
    def load(
        cls,
        name: str | Path = "undertone-base",
        *,
        device: str = "auto",
        slots: int = 64,
        threads: int | None = THREADS,
        precision: Precision = "auto",
    ) -> "Engine":
        """name: as `Bundle.load` takes it. device: "auto" (CUDA where there is one), "cpu", "cuda".

        threads: cores to take: so many students run at once, and torch is set to one thread for each; None leaves
        torch as it is, with one student at a time. Raises BundleError and DeviceError.
        """
        if threads is not None:
            one_thread_each()
        return cls(Bundle.load(name), device=device, slots=slots, precision=precision, lanes=threads or 1)

    def open(self) -> Dialogue:
        """A new, empty dialogue. Raises EngineFull when all slots are taken."""
        if not self._free:
            raise EngineFull("all dialogue slots are taken: close a dialogue, or load the engine with more slots")
        return Dialogue(self, self._free.pop())

    async def faces(self, crops: npt.NDArray[np.uint8]) -> list[FaceReading]:
        """What each face expresses, from its one frame: crops uint8 [k, 48, 48]. Raises EngineBusy, ValueError."""
        if crops.ndim != 3 or crops.shape[1:] != (FACE_SIZE, FACE_SIZE) or crops.dtype != np.uint8:
            raise ValueError(f"faces must be uint8 [k, 48, 48], not {crops.dtype} {list(crops.shape)}")
        if not len(crops):
            return []
        logits: Tensor = await self._worker.run(self._faces, crops, patient=False)
        calibration = self.bundle.calibration
        found = verdicts(logits.double(), [calibration.alone["video"]] * len(crops))
        return [
            FaceReading(face.label, face.probabilities, face.confidence, face.confidence < calibration.unsure_below)
            for face in found
        ]

    def close(self) -> None:
        """Stop the worker. Work that has not begun fails with RuntimeError."""
        self._worker.close()
        self._students.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def encode(
        self, job: EncodeJob, owner: Dialogue, *, glance_of: str | None
    ) -> Mapping[Modality, StudentOutput]:
        """For `Dialogue`: the students, in the worker. glance_of: a glance's speaker, None if it is none."""
        found = await self._run_students(_ReadJob(job, None), owner, glance_of)
        return cast(Mapping[Modality, StudentOutput], found)

    async def read(self, job: EncodeJob, turn: FuseJob, owner: Dialogue, *, glance_of: str | None) -> Reading:
        """For `Dialogue`: the students, and at once a turn of the fusion with what they say as well, likewise."""
        return cast(Reading, await self._run_students(_ReadJob(job, turn), owner, glance_of))

    async def fuse(self, job: FuseJob, owner: Dialogue, *, glance_of: str | None) -> Reading:
        """For `Dialogue`: one turn of the fusion, in the worker, likewise."""
        return await self._worker.run(self._fuse, job, patient=glance_of is None, owner=owner, topic=glance_of)

    def give_back(self, slot: int) -> None:
        """For `Dialogue`: its slot can be taken again."""
        self._free.append(slot)

    async def _run_students(self, job: _ReadJob, owner: Dialogue, glance_of: str | None) -> _Read:
        return await self._worker.run(self._read, job, patient=glance_of is None, owner=owner, topic=glance_of)

    def _encode_and_fuse(self, jobs: Sequence[_ReadJob]) -> list[_Read | Exception]:
        """In the worker. If this fails then before any memory was extended."""
        said = self._encoder.encode([job.encode for job in jobs])
        found: list[_Read | Exception] = [*said]
        turns = [
            (i, replace(job.turn, outputs={**job.turn.outputs, **said[i]}))
            for i, job in enumerate(jobs)
            if job.turn is not None
        ]
        for begin in range(0, len(turns), self._fuse.most):
            some = turns[begin : begin + self._fuse.most]
            answers = run_apart(self._fuse, [turn for _, turn in some])
            for (i, _), answer in zip(some, answers, strict=True):
                found[i] = answer
        return found
