"""The students on a GPU: asked one after the other, awaited once."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from engine.bundle import Bundle
from engine.cuda.graphs import Graphs
from engine.cuda.packed import fetched
from engine.cuda.readers import Faces, Rows, Voices, Words
from engine.facereader import Crops, SeenFaces, means, spread
from engine.grouping import in_order
from engine.labels import EMOTIONS, Modality
from engine.students import StudentOutput

_LABELS: Final = len(EMOTIONS)


class GraphStudents:
    """Words and faces in `dtype`, voices in float32. What they say comes back in float32."""

    most = 256
    text_by = "torch"

    def __init__(self, bundle: Bundle, device: torch.device, dtype: torch.dtype) -> None:
        graphs = Graphs(device)
        self._voices = Voices(bundle.audio, device)
        self._words = Words(bundle.text, bundle.prompt, graphs, dtype)
        self._faces = Faces(bundle.video, graphs, dtype)
        self._seen = SeenFaces()
        self.dtype = dtype

    @torch.inference_mode()
    def read(
        self, tokens: Sequence[Sequence[int]], audio: Sequence[npt.NDArray[np.float32]], faces: Sequence[Crops]
    ) -> Mapping[Modality, StudentOutput]:
        """As `engine.encoder.Students`."""
        asked: dict[Modality, list[Rows]] = {}  # what takes longest first: the host goes on meanwhile
        if audio:
            asked["audio"] = self._voices(audio)
        if tokens:
            asked["text"] = self._words(tokens)
        if not faces:
            return self._home(asked)
        chosen = [spread(crops) for crops in faces]
        frames, said = self._look(np.concatenate(chosen), asked)
        return {**said, "video": means(frames, [len(crops) for crops in chosen])}

    @torch.inference_mode()
    def see(self, crops: Crops) -> StudentOutput:
        """Likewise."""
        return self._look(crops, {})[0]

    def close(self) -> None:
        """There is no thread of its own."""

    def _look(
        self, crops: Crops, asked: dict[Modality, list[Rows]]
    ) -> tuple[StudentOutput, Mapping[Modality, StudentOutput]]:
        """What is said of pictures, those seen before included, and all else that was asked."""
        keys = [crop.tobytes() for crop in crops]
        new = self._seen.unseen(keys, crops)
        if new:
            asked["video"] = self._faces(np.stack(list(new.values())))
        said = self._home(asked)
        if new:
            self._seen.learn(new, said["video"])
        return self._seen.recall(keys), said

    def _home(self, asked: Mapping[Modality, Sequence[Rows]]) -> dict[Modality, StudentOutput]:
        """All that was asked, on the host and in order."""
        if not asked:
            return {}
        self._voices.join()
        parts = iter(fetched([rows.said for found in asked.values() for rows in found]))
        said: dict[Modality, StudentOutput] = {}
        for modality, found in asked.items():
            each = [next(parts) for _ in found]
            outputs = [StudentOutput(one[:, :-_LABELS], one[:, -_LABELS:]) for one in each]
            said[modality] = in_order(outputs, [rows.where for rows in found])
        return said
