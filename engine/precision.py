"""In what numbers the voice and face students compute. Chosen here and nowhere else."""

from typing import Literal

import torch

Precision = Literal["auto", "float32", "bfloat16"]


def chosen(precision: Precision, device: torch.device) -> torch.dtype:
    """auto: bfloat16 on a CPU that multiplies in it, about twice as fast there and as good; else float32."""
    if precision != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
    able = torch.cpu.get_capabilities()
    native = device.type == "cpu" and bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    return torch.bfloat16 if native else torch.float32
