"""Where a network runs."""

import torch

from bench.errors import CannotMeasure
from engine import DeviceError
from engine.device import device_named as engine_device


def device_named(name: str) -> torch.device:
    """As the engine's. Raises CannotMeasure for one that is not here."""
    try:
        return engine_device(name)
    except DeviceError as error:
        raise CannotMeasure(str(error)) from error
