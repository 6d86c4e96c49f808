"""Where a network runs."""

import torch

from bench.errors import CannotMeasure


def device_named(name: str) -> torch.device:
    """cpu or cuda. Raises CannotMeasure for another, or where there is no such device."""
    if name not in ("cpu", "cuda"):
        raise CannotMeasure(f"there is no device {name!r}: give cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise CannotMeasure("PyTorch finds no CUDA device here: give --device cpu, or run `nvidia-smi` to see why")
    return torch.device(name)
