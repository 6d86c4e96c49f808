"""Who reads faces: the video student, which looks at each picture once."""

from collections.abc import Collection, Sequence
from copy import deepcopy
from itertools import islice, pairwise
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engine.students import StudentOutput, VideoStudent

MAX_FACES: Final = 16  # of an utterance; more cost time and say the same
_REMEMBERED: Final = 4096  # pictures: those of half a minute from a dozen cameras; with their answers 12 MB

Crops = npt.NDArray[np.uint8]


class SeenFaces:
    """What was said of the last pictures, by their bytes; on the host.

    Live, a face is shown as it comes and then belongs to its speaker's utterance, and to each glance at that. What was
    said of it once is the same in any company.
    """

    def __init__(self) -> None:
        self._rows: dict[bytes, int] = {}  # of the two tables, the oldest first
        self._free: list[int] = []
        self._embedding, self._logits = torch.empty(0, 0), torch.empty(0, 0)

    def __len__(self) -> int:
        return len(self._rows)

    def unseen(self, keys: Sequence[bytes], crops: Crops) -> dict[bytes, Crops]:
        """Those of which nothing was said yet, each once."""
        return {key: crop for key, crop in zip(keys, crops, strict=True) if key not in self._rows}

    def learn(self, keys: Collection[bytes], said: StudentOutput) -> None:
        """What is said of new ones, rows in the order of their keys."""
        self._make_room(len(keys), said)
        rows = [self._free.pop() for _ in keys]
        self._rows.update(zip(keys, rows, strict=True))
        self._embedding[rows], self._logits[rows] = said.embedding.float(), said.logits.float()

    def recall(self, keys: Sequence[bytes]) -> StudentOutput:
        """Embeddings [k, D] and logits [k, labels] of pictures that were seen; the oldest of all are then forgotten."""
        rows = [self._rows[key] for key in keys]
        said = StudentOutput(self._embedding[rows], self._logits[rows])
        for key in list(islice(self._rows, max(0, len(self._rows) - _REMEMBERED))):
            self._free.append(self._rows.pop(key))
        return said

    def _make_room(self, count: int, like: StudentOutput) -> None:
        """Rows for so many more: twice as many as there were, so that it is seldom done."""
        if count <= len(self._free):
            return
        taken = len(self._embedding)
        more = max(count, taken)
        self._free.extend(range(taken, taken + more))
        self._embedding = _longer(self._embedding, more, like.embedding.shape[1])
        self._logits = _longer(self._logits, more, like.logits.shape[1])


class FaceReader:
    """Crops uint8 [k, 48, 48] in, what the student says of each out: on a CPU."""

    def __init__(self, video: VideoStudent, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._student = video if dtype == torch.float32 else lean(video, dtype)
        self._seen = SeenFaces()

    @torch.inference_mode()
    def __call__(self, crops: Crops) -> StudentOutput:
        """Embeddings [k, D] and logits [k, labels] of faces, in their order."""
        keys = [crop.tobytes() for crop in crops]
        if new := self._seen.unseen(keys, crops):
            self._seen.learn(new, self._read(torch.from_numpy(np.stack(list(new.values())))))
        return self._seen.recall(keys)

    def _read(self, crops: Tensor) -> StudentOutput:
        """A face reads the same in any company: in float32, where the last digits would differ, each is read alone."""
        if self._dtype != torch.float32:
            return cast(StudentOutput, self._student(crops))
        alone = [self._student(crop) for crop in crops.split(1)]  # type: ignore[no-untyped-call]
        return StudentOutput(torch.cat([one.embedding for one in alone]), torch.cat([one.logits for one in alone]))

    def over_time(self, utterances: Sequence[Crops]) -> StudentOutput:
        """What is said of each utterance: of at most MAX_FACES of its pictures."""
        chosen = [spread(crops) for crops in utterances]
        return means(self(np.concatenate(chosen)), [len(crops) for crops in chosen])


def _longer(table: Tensor, more: int, width: int) -> Tensor:
    return torch.cat((table.view(-1, width), table.new_empty(more, width)))


def lean(video: VideoStudent, dtype: torch.dtype) -> VideoStudent:
    """The same student for reading alone, all of it in `dtype`.

    Each norm is part of the convolution before it, channels lie side by side.
    """
    student = deepcopy(video).eval()
    for layers in student.modules():
        if isinstance(layers, nn.Sequential):
            for at, (layer, after) in enumerate(pairwise(list(layers))):
                if isinstance(layer, nn.Conv2d) and isinstance(after, nn.BatchNorm2d):
                    layers[at], layers[at + 1] = fuse_conv_bn_eval(layer, after), nn.Identity()
    student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return student.to(dtype)


def means(frames: StudentOutput, sizes: Sequence[int]) -> StudentOutput:
    """What is said of utterances: the mean over their pictures, whose rows lie one after the other."""
    starts, counts = np.cumsum([0, *sizes[:-1]]), np.array(sizes, np.float32)[:, None]
    embedding, logits = (
        torch.from_numpy(np.add.reduceat(whole.numpy(), starts) / counts) for whole in (frames.embedding, frames.logits)
    )
    return StudentOutput(embedding, logits)


def spread(faces: Crops) -> Crops:
    """At most MAX_FACES of an utterance's faces [k, 48, 48], evenly over its time."""
    if len(faces) <= MAX_FACES:
        return faces
    chosen = np.linspace(0, len(faces) - 1, MAX_FACES).round().astype(np.intp)
    return np.take(faces, chosen, axis=0)
