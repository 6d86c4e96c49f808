"""How weights lie in a bundle's files: safetensors, small; and how they come back, checked.

Vectors stay float32 (biases, norms, running statistics: little to gain). Matrices are float16, or int8 with one
float32 scale a row ("name" and "name.scale") where that is asked for. Everything is float32 once loaded.
"""

from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

_SCALE: Final = ".scale"


def pack(module: nn.Module, *, int8_matrices: bool = False) -> bytes:
    """A module's weights as the bytes of a safetensors file. Raises ValueError if one is not finite."""
    stored: dict[str, Tensor] = {}
    for name, tensor in module.state_dict().items():
        weight = tensor.detach().cpu()
        if not weight.is_floating_point():
            stored[name] = weight.contiguous()
        elif int8_matrices and weight.ndim == 2:
            stored[name], stored[name + _SCALE] = _quantise(weight.float())
        else:
            stored[name] = weight.to(torch.float16 if weight.ndim > 1 else torch.float32).contiguous()
        if not stored[name].isfinite().all():
            raise ValueError(f"{name} is not finite")
    return save(stored)


def unpack(data: bytes, module: nn.Module) -> None:
    """Fill `module` with what `pack` made of one like it. Raises ValueError, saying what does not fit."""
    try:
        stored = load(data)
    except SafetensorError as error:
        raise ValueError(f"it is not a safetensors file ({error})") from error
    state = {name: _restore(name, stored) for name in stored if not _is_scale(name, stored)}
    wanted = module.state_dict()
    if missing := sorted(wanted.keys() - state.keys()):
        raise ValueError(f"tensors are missing: {_some(missing)}")
    if unknown := sorted(state.keys() - wanted.keys()):
        raise ValueError(f"tensors are not part of the model: {_some(unknown)}")
    for name, tensor in state.items():
        if tensor.shape != wanted[name].shape:
            raise ValueError(f"{name} has shape {list(tensor.shape)}, the model wants {list(wanted[name].shape)}")
        if not tensor.isfinite().all():
            raise ValueError(f"{name} is not finite")
    module.load_state_dict(state)


def _quantise(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """int8 [rows, columns] and the scale float32 [rows, 1] that brings it back."""
    scale = (matrix.abs().amax(dim=1, keepdim=True) / 127).clamp_min(1e-12)
    return (matrix / scale).round().to(torch.int8), scale


def _restore(name: str, stored: dict[str, Tensor]) -> Tensor:
    tensor = stored[name]
    if tensor.dtype == torch.int8:
        scale = stored.get(name + _SCALE)
        if scale is None or tensor.ndim != 2 or list(scale.shape) != [len(tensor), 1]:
            raise ValueError(f"{name} has no scale for each of its rows")
        return tensor.float() * scale
    return tensor.float() if tensor.is_floating_point() else tensor


def _is_scale(name: str, stored: dict[str, Tensor]) -> bool:
    of = stored.get(name.removesuffix(_SCALE))
    return name.endswith(_SCALE) and of is not None and of.dtype == torch.int8


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
