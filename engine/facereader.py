"""Who reads faces: the video student, which looks at each picture once."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from engine.students import StudentOutput, VideoStudent

MAX_FACES: Final = 16  # of an utterance; more cost time and say the same
_REMEMBERED: Final = 4096  # pictures: those of half a minute from a dozen cameras; with their answers 12 MB

Crops = npt.NDArray[np.uint8]


class FaceReader:
    """Crops uint8 [k, 48, 48] in, what the student says of each out.

    Live, a face is shown as it comes and then belongs to its speaker's utterance, and to each glance at that: what was
    said of the last pictures is kept, and is the same in any company.
    """

    def __init__(self, video: VideoStudent, device: torch.device, dtype: torch.dtype) -> None:
        self._device = device
        self._student = video.to(device) if dtype == torch.float32 else deepcopy(video).to(device, dtype)
        self._said: dict[bytes, StudentOutput] = {}

    @torch.inference_mode()
    def __call__(self, crops: Crops) -> StudentOutput:
        """Embeddings [k, D] and logits [k, labels] of faces, in their order."""
        keys = [crop.tobytes() for crop in crops]
        new = {key: crop for key, crop in zip(keys, crops, strict=True) if key not in self._said}
        if new:
            said: StudentOutput = self._student(torch.from_numpy(np.stack(list(new.values()))).to(self._device))
            rows = zip(said.embedding.float(), said.logits.float(), strict=True)
            self._said |= {key: StudentOutput(*row) for key, row in zip(new, rows, strict=True)}
        found = [self._said[key] for key in keys]
        while len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]
        return StudentOutput(torch.stack([one.embedding for one in found]), torch.stack([one.logits for one in found]))

    def over_time(self, utterances: Sequence[Crops]) -> StudentOutput:
        """What is said of each utterance: the mean over its pictures, at most MAX_FACES of them."""
        chosen = [spread(crops) for crops in utterances]
        frames = self(np.concatenate(chosen))
        sizes = [len(crops) for crops in chosen]
        embedding, logits = (
            torch.stack([rows.mean(dim=0) for rows in torch.split(whole, sizes)])
            for whole in (frames.embedding, frames.logits)
        )
        return StudentOutput(embedding, logits)


def spread(faces: Crops) -> Crops:
    """At most MAX_FACES of an utterance's faces [k, 48, 48], evenly over its time."""
    if len(faces) <= MAX_FACES:
        return faces
    chosen = np.linspace(0, len(faces) - 1, MAX_FACES).round().astype(np.intp)
    return np.take(faces, chosen, axis=0)
