"""What a bundle's students say of words, sounds and faces, exactly as the engine asks them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.bundle import Bundle
from engine.encoder import EncodeJob, Encoder
from engine.hoststudents import HostStudents
from engine.labels import EMOTIONS, Modality
from engine.precision import chosen
from engine.students import StudentOutput

_BATCH = 16

Pcm = npt.NDArray[np.float32]
Crops = npt.NDArray[np.uint8]
Spoken = tuple[str, Pcm]  # a speaker's name, and what they said: mono, 16 kHz


def voice_outputs(bundle: Bundle, clips: Iterable[Spoken]) -> StudentOutput:
    """The voice student's outputs for all clips, in their order; one batch of sound is in memory at a time.

    The clips of one speaker come in the order in which they were said: whatever the engine learns of a speaker from
    what they said before belongs here.
    """
    jobs = (EncodeJob(None, pcm, None) for _speaker, pcm in clips)
    return _run(bundle, "audio", jobs)


def face_outputs(bundle: Bundle, faces: Iterable[Crops]) -> StudentOutput:
    """The face student's outputs for utterances or pictures, each of one or more crops uint8 [k, 48, 48]."""
    return _run(bundle, "video", (EncodeJob(None, None, crops) for crops in faces))


def _run(bundle: Bundle, modality: Modality, jobs: Iterator[EncodeJob]) -> StudentOutput:
    encoder = Encoder(HostStudents(bundle, chosen("auto", torch.device("cpu"))))
    said: list[StudentOutput] = []
    while batch := list(islice(jobs, _BATCH)):
        said += [output[modality] for output in encoder.encode(batch)]
    if not said:
        return StudentOutput(torch.empty(0, bundle.fusion.config.embedding(modality)), torch.empty(0, len(EMOTIONS)))
    return StudentOutput(torch.stack([out.embedding for out in said]), torch.stack([out.logits for out in said]))


def spread_out(outputs: Sequence[StudentOutput], where: Sequence[int], n: int) -> StudentOutput:
    """Outputs of some rows at their places among all n; the others are zero. Nothing at all has width zero."""
    if not where:
        return StudentOutput(torch.zeros(n, 0), torch.zeros(n, len(EMOTIONS)))

    def put(parts: Sequence[Tensor]) -> Tensor:
        whole = torch.zeros(n, parts[0].shape[1])
        whole[list(where)] = torch.cat(list(parts))
        return whole

    return StudentOutput(put([out.embedding for out in outputs]), put([out.logits for out in outputs]))
