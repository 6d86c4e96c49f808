"""What comes out of the engine: what a speaker expressed, how surely, and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.labels import Emotion, Modality


@dataclass(frozen=True, slots=True)
class ModalityReading:
    """What one modality did for a reading.

    weight: its share of the reading, 0 to 1; the shares of those present sum to 1.
    label, probabilities: what its student alone would have said, calibrated.
    """

    weight: float
    label: Emotion
    probabilities: Mapping[Emotion, float]


@dataclass(frozen=True, slots=True)
class FaceReading:
    """What one face in one frame expresses, from the video student alone."""

    label: Emotion
    probabilities: Mapping[Emotion, float]
    confidence: float
    unsure: bool


@dataclass(frozen=True, slots=True)
class Attended:
    """An earlier turn that a reading attended to. turn: its number; weight: its share of the attention, 0 to 1."""

    turn: int
    weight: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What one utterance expresses.

    label: the most probable emotion; `unsure` says that its probability is under the bundle's threshold.
    probabilities: calibrated, one for each emotion, sum 1.
    confidence: the probability of `label`.
    valence, arousal: -1 to 1; derived, the expectation of `engine.labels.CIRCUMPLEX` under the probabilities.
    modalities: only those that the utterance had.
    turn: the number of this turn in its dialogue, from 0; a glance has the one that it would have.
    attended: of a final, the earlier turns that the last attention of the fusion fell on most, most first; what is
    missing to 1 fell on the turn itself and on others.
    """

    label: Emotion
    probabilities: Mapping[Emotion, float]
    confidence: float
    unsure: bool
    valence: float
    arousal: float
    modalities: Mapping[Modality, ModalityReading]
    turn: int
    attended: tuple[Attended, ...]
