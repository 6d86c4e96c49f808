"""Undertone's engine: from utterances to what they express. Knows no sockets, clocks or training."""

from engine.dialogue import Dialogue, Encoded
from engine.engine import Engine
from engine.errors import BundleError, EngineBusy, EngineFull
from engine.labels import EMOTIONS, MODALITIES
from engine.reading import FaceReading, ModalityReading, Reading
from engine.utterance import Utterance

__all__ = [
    "EMOTIONS",
    "MODALITIES",
    "BundleError",
    "Dialogue",
    "Encoded",
    "Engine",
    "EngineBusy",
    "EngineFull",
    "FaceReading",
    "ModalityReading",
    "Reading",
    "Utterance",
]
