"""Where an engine computes."""

import torch

from engine.errors import DeviceError


def device_named(name: str) -> torch.device:
    """name: cpu, cuda, or auto: CUDA where there is one. Raises DeviceError for another, and where there is no CUDA."""
    if name not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"there is no device {name!r}: give auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError("PyTorch finds no CUDA device here: give --device cpu, or run `nvidia-smi` to see why")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
