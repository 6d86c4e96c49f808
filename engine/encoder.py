"""From utterances to what the students say of them, in batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from engine.bundle import Bundle
from engine.grouping import alike, in_order
from engine.labels import Modality
from engine.mel import mel_frames
from engine.students import StudentOutput
from engine.textreader import text_reader

MAX_FACES: Final = 16  # of an utterance; more cost time and say the same


@dataclass(frozen=True, slots=True, eq=False)
class EncodeJob:
    """What to encode of one utterance; None where it has nothing. tokens: a row of `Prompt.encode`."""

    tokens: Sequence[int] | None
    audio: npt.NDArray[np.float32] | None
    faces: npt.NDArray[np.uint8] | None


class Encoder:
    """The three students of a bundle, on one device."""

    def __init__(self, bundle: Bundle, device: torch.device) -> None:
        self._device = device
        self._text = text_reader(bundle.text, bundle.prompt, bundle.graph, device)
        self.text_by = self._text.way
        self._audio, self._video = bundle.audio.to(device), bundle.video.to(device)

    @torch.inference_mode()
    def encode(self, jobs: Sequence[EncodeJob]) -> list[Mapping[Modality, StudentOutput]]:
        """For each job what each student says, [D] and [7], for the modalities that it has."""
        outputs: list[dict[Modality, StudentOutput]] = [{} for _ in jobs]
        if rows := [job.tokens for job in jobs if job.tokens is not None]:
            _scatter(outputs, "text", [job.tokens is not None for job in jobs], self._text(rows))
        if pcm := [job.audio for job in jobs if job.audio is not None]:
            _scatter(outputs, "audio", [job.audio is not None for job in jobs], self._hear(pcm))
        if shown := [spread(job.faces) for job in jobs if job.faces is not None]:
            _scatter(outputs, "video", [job.faces is not None for job in jobs], self._mean_over_frames(shown))
        return list(outputs)

    @torch.inference_mode()
    def faces(self, jobs: Sequence[npt.NDArray[np.uint8]]) -> list[Tensor]:
        """The video student's logits [k, 7] for each job's single frames uint8 [k, 48, 48]."""
        logits = self._video(torch.from_numpy(np.concatenate(jobs)).to(self._device)).logits.cpu()
        return list(torch.split(logits, [len(crops) for crops in jobs]))

    def _hear(self, pcm: Sequence[npt.NDArray[np.float32]]) -> StudentOutput:
        """The audio student's outputs, in their order: its LSTM runs over padding too, so like goes with like."""
        mels = [mel_frames(samples) for samples in pcm]
        batches = alike([len(mel) for mel in mels], len(mels))
        return in_order([self._listen([mels[i] for i in batch]) for batch in batches], batches)

    def _listen(self, mels: Sequence[Tensor]) -> StudentOutput:
        lengths = torch.tensor([len(mel) for mel in mels], device=self._device)
        spoken: StudentOutput = self._audio(pad_sequence(list(mels), batch_first=True).to(self._device), lengths)
        return spoken

    def _mean_over_frames(self, crops: Sequence[npt.NDArray[np.uint8]]) -> StudentOutput:
        frames: StudentOutput = self._video(torch.from_numpy(np.concatenate(crops)).to(self._device))
        sizes = [len(c) for c in crops]
        embedding, logits = (
            torch.stack([rows.mean(dim=0) for rows in torch.split(whole, sizes)])
            for whole in (frames.embedding, frames.logits)
        )
        return StudentOutput(embedding, logits)


def spread(faces: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """At most MAX_FACES of an utterance's faces [k, 48, 48], evenly over its time."""
    if len(faces) <= MAX_FACES:
        return faces
    chosen = np.linspace(0, len(faces) - 1, MAX_FACES).round().astype(np.intp)
    return np.take(faces, chosen, axis=0)


def _scatter(
    outputs: Sequence[dict[Modality, StudentOutput]], modality: Modality, has: Sequence[bool], found: StudentOutput
) -> None:
    """Hand each job that has the modality its row."""
    rows = iter(zip(found.embedding, found.logits, strict=True))
    for output, there in zip(outputs, has, strict=True):
        if there:
            output[modality] = StudentOutput(*next(rows))
