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
class Reading:
    """What one utterance expresses.

    label: the most probable emotion; `unsure` says that its probability is under the bundle's threshold.
    probabilities: calibrated, one for each emotion, sum 1.
    confidence: the probability of `label`.
    valence, arousal: -1 to 1; derived, the expectation of `engine.labels.CIRCUMPLEX` under the probabilities.
    modalities: only those that the utterance had.
    """

    label: Emotion
    probabilities: Mapping[Emotion, float]
    confidence: float
    unsure: bool
    valence: float
    arousal: float
    modalities: Mapping[Modality, ModalityReading]
