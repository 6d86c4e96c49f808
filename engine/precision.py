"""In what numbers an engine computes. Chosen here and nowhere else."""

from typing import Literal

import torch

Precision = Literal["auto", "float32", "bfloat16"]


def chosen(precision: Precision, device: torch.device) -> torch.dtype:
    """Of voice and face on a CPU; of words, face and fusion on CUDA. auto: bfloat16 where that is native."""
    if precision != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
    return torch.bfloat16 if _native(device) else torch.float32


def _native(device: torch.device) -> bool:
    """Whether it multiplies in bfloat16: about twice as fast then on a CPU, and as good."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
