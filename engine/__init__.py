"""Undertone's engine: from utterances to what they express. Knows no sockets, clocks or training.

Each name is imported when it is first used: who only needs the labels does not load torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.dialogue import Dialogue, Encoded
    from engine.engine import Engine
    from engine.errors import BundleError, DeviceError, EngineBusy, EngineFull
    from engine.labels import EMOTIONS, MODALITIES
    from engine.reading import Attended, FaceReading, ModalityReading, Reading
    from engine.utterance import Utterance
else:
    _HOMES = {
        "dialogue": ("Dialogue", "Encoded"),
        "engine": ("Engine",),
        "errors": ("BundleError", "DeviceError", "EngineBusy", "EngineFull"),
        "labels": ("EMOTIONS", "MODALITIES"),
        "reading": ("Attended", "FaceReading", "ModalityReading", "Reading"),
        "utterance": ("Utterance",),
    }

    def __getattr__(name):  # noqa: ANN001, ANN202 (type checkers see the imports above)
        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"engine.{home}"), name)
        raise AttributeError(f"module 'engine' has no attribute '{name}'")


__all__ = [
    "EMOTIONS",
    "MODALITIES",
    "Attended",
    "BundleError",
    "DeviceError",
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
