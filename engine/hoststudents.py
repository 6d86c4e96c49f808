"""The students on a CPU, side by side."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from engine.bundle import Bundle
from engine.facereader import FaceReader
from engine.labels import Modality
from engine.lanes import Lanes
from engine.students import StudentOutput
from engine.textreader import text_reader
from engine.voicereader import VoiceReader


class HostStudents:
    """Each in the fastest way that is as good. dtype: of voice and face; lanes: how many of them run at once."""

    most = 8

    def __init__(self, bundle: Bundle, dtype: torch.dtype, lanes: int = 1) -> None:
        self._text = text_reader(bundle.text, bundle.prompt, bundle.graph)
        self._voice, self._face = VoiceReader(bundle.audio, dtype), FaceReader(bundle.video, dtype)
        self._lanes = Lanes(lanes)
        self.text_by, self.dtype = self._text.way, dtype

    def read(
        self,
        tokens: Sequence[Sequence[int]],
        audio: Sequence[npt.NDArray[np.float32]],
        faces: Sequence[npt.NDArray[np.uint8]],
    ) -> Mapping[Modality, StudentOutput]:
        """As `engine.encoder.Students`."""
        asked: dict[Modality, Callable[[], StudentOutput]] = {}  # what takes longest first
        if faces:
            asked["video"] = partial(self._face.over_time, faces)
        if tokens:
            asked["text"] = partial(self._text, tokens)
        if audio:
            asked["audio"] = partial(self._voice, audio)
        return dict(zip(asked, self._lanes.run(list(asked.values())), strict=True))

    def see(self, crops: npt.NDArray[np.uint8]) -> StudentOutput:
        """Likewise."""
        return self._face(crops)

    def close(self) -> None:
        """What runs is finished."""
        self._lanes.close()
