"""The encoder: what utterances have, sorted by modality for the students, and what these say, by utterance again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.labels import Modality
from engine.students import StudentOutput


@dataclass(frozen=True, slots=True, eq=False)
class EncodeJob:
    """What to encode of one utterance; None where it has nothing. tokens: a row of `Prompt.encode`."""

    tokens: Sequence[int] | None
    audio: npt.NDArray[np.float32] | None
    faces: npt.NDArray[np.uint8] | None


class Students(Protocol):
    """The three students of a bundle, on one device. most: utterances in a batch; text_by, dtype: as the engine's."""

    most: int
    text_by: str
    dtype: torch.dtype

    def read(
        self,
        tokens: Sequence[Sequence[int]],
        audio: Sequence[npt.NDArray[np.float32]],
        faces: Sequence[npt.NDArray[np.uint8]],
    ) -> Mapping[Modality, StudentOutput]:
        """What each says of what there is for it to read, a row each, in order; on the host."""

    def see(self, crops: npt.NDArray[np.uint8]) -> StudentOutput:
        """What the video student says of single faces uint8 [k, 48, 48]; on the host."""

    def close(self) -> None:
        """Ends its threads."""


class Encoder:
    """Asks students about jobs."""

    def __init__(self, students: Students) -> None:
        self._students = students

    def encode(self, jobs: Sequence[EncodeJob]) -> list[Mapping[Modality, StudentOutput]]:
        """For each job what each student says, [D] and [7], for the modalities that it has."""
        tokens = {i: job.tokens for i, job in enumerate(jobs) if job.tokens is not None}
        audio = {i: job.audio for i, job in enumerate(jobs) if job.audio is not None}
        faces = {i: job.faces for i, job in enumerate(jobs) if job.faces is not None}
        said = self._students.read(list(tokens.values()), list(audio.values()), list(faces.values()))
        outputs: list[dict[Modality, StudentOutput]] = [{} for _ in jobs]
        places: dict[Modality, Sequence[int]] = {"text": list(tokens), "audio": list(audio), "video": list(faces)}
        for modality, found in said.items():
            for place, *row in zip(places[modality], found.embedding.unbind(), found.logits.unbind(), strict=True):
                outputs[place][modality] = StudentOutput(*row)
        return list(outputs)

    def faces(self, jobs: Sequence[npt.NDArray[np.uint8]]) -> list[Tensor]:
        """The video student's logits [k, 7] for each job's single frames uint8 [k, 48, 48]."""
        logits = self._students.see(np.concatenate(jobs)).logits
        return list(torch.split(logits, [len(crops) for crops in jobs]))
