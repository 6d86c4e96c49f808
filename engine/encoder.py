"""The encoder: runs the students over what utterances have, in batches, side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.bundle import Bundle
from engine.facereader import FaceReader
from engine.labels import Modality
from engine.lanes import Lanes
from engine.precision import Precision, chosen
from engine.students import StudentOutput
from engine.textreader import text_reader
from engine.voicereader import VoiceReader


@dataclass(frozen=True, slots=True, eq=False)
class EncodeJob:
    """What to encode of one utterance; None where it has nothing. tokens: a row of `Prompt.encode`."""

    tokens: Sequence[int] | None
    audio: npt.NDArray[np.float32] | None
    faces: npt.NDArray[np.uint8] | None


class Encoder:
    """The three students of a bundle, on one device. lanes: how many of them run at once; close it when done."""

    def __init__(self, bundle: Bundle, device: torch.device, precision: Precision = "auto", lanes: int = 1) -> None:
        dtype = chosen(precision, device)
        self._text = text_reader(bundle.text, bundle.prompt, bundle.graph, device)
        self._voice, self._face = VoiceReader(bundle.audio, device, dtype), FaceReader(bundle.video, device, dtype)
        self._lanes = Lanes(lanes)
        self.text_by, self.dtype = self._text.way, dtype

    def encode(self, jobs: Sequence[EncodeJob]) -> list[Mapping[Modality, StudentOutput]]:
        """For each job what each student says, [D] and [7], for the modalities that it has."""
        faces = {i: job.faces for i, job in enumerate(jobs) if job.faces is not None}
        tokens = {i: job.tokens for i, job in enumerate(jobs) if job.tokens is not None}
        audio = {i: job.audio for i, job in enumerate(jobs) if job.audio is not None}
        asked: dict[Modality, Callable[[], StudentOutput]] = {}  # what takes longest first
        if faces:
            asked["video"] = partial(self._face.over_time, list(faces.values()))
        if tokens:
            asked["text"] = partial(self._text, list(tokens.values()))
        if audio:
            asked["audio"] = partial(self._voice, list(audio.values()))
        said = dict(zip(asked, self._lanes.run(list(asked.values())), strict=True))
        outputs: list[dict[Modality, StudentOutput]] = [{} for _ in jobs]
        places: dict[Modality, Sequence[int]] = {"text": list(tokens), "audio": list(audio), "video": list(faces)}
        for modality, found in said.items():
            for place, *row in zip(places[modality], found.embedding, found.logits, strict=True):
                outputs[place][modality] = StudentOutput(*row)
        return list(outputs)

    def faces(self, jobs: Sequence[npt.NDArray[np.uint8]]) -> list[Tensor]:
        """The video student's logits [k, 7] for each job's single frames uint8 [k, 48, 48]."""
        logits = self._face(np.concatenate(jobs)).logits.cpu()
        return list(torch.split(logits, [len(crops) for crops in jobs]))

    def close(self) -> None:
        """Ends its threads."""
        self._lanes.close()
