"""Tensors side by side in one buffer, so that one copy carries all of them to the device or back."""

from collections.abc import Mapping, Sequence
from typing import Final

import torch
from torch import Tensor

Fields = Mapping[str, tuple[Sequence[int], torch.dtype]]  # a shape and a type for each name
_ALIGNED: Final = 16  # bytes

HOST: Final = torch.device("cpu")


class Packed:
    """Tensors by name, and the buffer that they lie in."""

    def __init__(self, fields: Fields, device: torch.device, *, pinned: bool = False, blank: bool = True) -> None:
        """pinned: in memory of the host that a device reads by itself, while the host goes on. blank: zero at first."""
        sizes = {name: torch.Size(shape).numel() * dtype.itemsize for name, (shape, dtype) in fields.items()}
        begins, end = {}, 0
        for name, size in sizes.items():
            begins[name] = end
            end += -(-size // _ALIGNED) * _ALIGNED
        self.buffer = torch.empty(end, dtype=torch.uint8, device=device, pin_memory=pinned)
        if blank:
            self.buffer.zero_()
        self.parts = {
            name: self.buffer[begins[name] : begins[name] + sizes[name]].view(dtype).view(*shape)
            for name, (shape, dtype) in fields.items()
        }

    @classmethod
    def on_host(cls, fields: Fields, device: torch.device, *, blank: bool = True) -> "Packed":
        """To be filled on the host and sent to `device`; a GPU's is pinned, and kept by torch until it was sent."""
        return cls(fields, HOST, pinned=device.type == "cuda", blank=blank)

    def send(self, to: "Packed") -> None:
        """Into one of the same fields; the host does not wait."""
        to.buffer.copy_(self.buffer, non_blocking=True)


def fetched(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Tensors of one type, on the host. Here alone the host waits for the device, for all that was asked of it."""
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    if flat.device.type == "cuda":
        pinned = torch.empty(flat.shape, dtype=flat.dtype, pin_memory=True)
        pinned.copy_(flat, non_blocking=True)
        done = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
        done.record()
        done.synchronize()
        flat = pinned.clone()  # pinned memory is scarce, and what a student said may be kept for long
    parts = torch.split(flat, [tensor.numel() for tensor in tensors])
    return [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]
