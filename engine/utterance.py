"""What goes into the engine: one utterance of one speaker, in up to three modalities."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.labels import MODALITIES, Modality

SAMPLE_RATE = 16_000
FACE_SIZE = 48
MIN_AUDIO_SECONDS = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """One turn. Any modality may be missing; at least one must be there.

    speaker: any stable name; the engine numbers speakers by first appearance in the dialogue.
    text:    what was said, as recognised or transcribed.
    audio:   float32 [n], mono, 16 kHz, -1 to 1, at least 0.3 s.
    faces:   uint8 [k, 48, 48], aligned grey crops of the speaker over the utterance, made by `engine.face.align`.
    """

    speaker: str
    text: str | None = None
    audio: npt.NDArray[np.float32] | None = None
    faces: npt.NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if not any(self.present.values()):
            raise ValueError("an utterance needs text, audio or faces: all three are missing")
        if self.audio is not None and (self.audio.ndim != 1 or self.audio.dtype != np.float32):
            raise ValueError(f"audio must be float32 [n], not {self.audio.dtype} {list(self.audio.shape)}")
        if self.audio is not None and len(self.audio) < MIN_AUDIO_SECONDS * SAMPLE_RATE:
            raise ValueError(
                f"audio must last at least {MIN_AUDIO_SECONDS} s; this has {len(self.audio) / SAMPLE_RATE:.2f} s"
            )
        if self.faces is not None and (self.faces.shape[1:] != (FACE_SIZE, FACE_SIZE) or self.faces.dtype != np.uint8):
            raise ValueError(
                f"faces must be uint8 [k, {FACE_SIZE}, {FACE_SIZE}], not {self.faces.dtype} {list(self.faces.shape)}"
            )

    @property
    def present(self) -> Mapping[Modality, bool]:
        """Which modalities this utterance has."""
        there = (
            bool(self.text and self.text.strip()),
            self.audio is not None,
            self.faces is not None and len(self.faces) > 0,
        )
        return dict(zip(MODALITIES, there, strict=True))
