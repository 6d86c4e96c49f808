"""The least that one utterance can cost here: what has to be multiplied and moved, at this machine's own rates."""

from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench.figure import Figure
from bench.timing import timed
from bench.utterances import FACES, PAST, SECONDS, words
from engine.bundle import Bundle
from engine.mel import mel_frames
from engine.prompt import Turn
from engine.utterance import FACE_SIZE, SAMPLE_RATE

_WAYS: Final = 8  # in how many sets of its modalities the fusion sees a turn
_SIDE: Final = 1024  # of the matrices whose product shows the rate
_BYTES: Final = 1 << 28  # of the copy that does
_TIMES: Final = 8


@torch.no_grad()
def floors(bundle: Bundle) -> dict[str, Figure]:
    """Of each part its work in GFLOP (a multiplication and an addition are two), the MB that it has to read, and the
    milliseconds of whichever takes longer on one thread, all else being free.

    Rates are measured: products of large matrices in the faster of float32 and bfloat16, and a copy in memory. Weights
    count once, in the size that they are computed with: 8 bits for words, 16 for voice and faces, 32 for the fusion.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        flops = max(_multiplied(torch.float32), _multiplied(torch.bfloat16))
        moved = _moved()
    finally:
        torch.set_num_threads(threads)
    turns = [Turn(1 + i % 2, words(i)) for i in range(PAST + 1)]
    prompt = bundle.prompt.collate([bundle.prompt.encode(turns[:-1], turns[-1])])
    frames = len(mel_frames(np.zeros(int(SECONDS * SAMPLE_RATE), np.float32)))
    pictures = torch.zeros(FACES, FACE_SIZE, FACE_SIZE, dtype=torch.uint8)
    encoder = bundle.text.encoder.encoder  # of the words' table only a few rows are read
    parts = {
        "words": (_counted(lambda: bundle.text(*prompt)), _numbers(encoder)),
        "voice": (2.0 * frames * _numbers(bundle.audio.lstm), 2 * _numbers(bundle.audio)),
        "faces": (_counted(lambda: bundle.video(pictures)), 2 * _numbers(bundle.video)),
        "fusion": (
            2.0 * _WAYS * _numbers(bundle.fusion),
            4 * _numbers(bundle.fusion) + bundle.fusion.memory(1).kv.nbytes,
        ),
    }
    figures = {
        "this machine multiplies": Figure.of([flops / 1e9], "GFLOP/s"),
        "this machine moves": Figure.of([moved / 1e9], "GB/s"),
    }
    for name, (work, read) in parts.items():
        figures[f"{name}: work"] = Figure.of([work / 1e9], "GFLOP")
        figures[f"{name}: to read"] = Figure.of([read / 1e6], "MB")
        figures[f"{name}: floor"] = Figure.of([1e3 * max(work / flops, read / moved)])
    return figures


def _counted(call: Callable[[], object]) -> float:
    counter = FlopCounterMode(display=False)
    with counter:
        call()
    return float(counter.get_total_flops())


def _numbers(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def _multiplied(dtype: torch.dtype) -> float:
    """Multiplications and additions a second, in the fastest of a few products."""
    left, right = (torch.ones(_SIDE, _SIDE, dtype=dtype) for _ in range(2))
    return 2e3 * _SIDE**3 / min(timed(lambda: left @ right) for _ in range(_TIMES))


def _moved() -> float:
    """Bytes read a second while they are copied."""
    source = torch.ones(_BYTES, dtype=torch.uint8)
    target = torch.empty_like(source)
    return 1e3 * _BYTES / min(timed(lambda: target.copy_(source)) for _ in range(_TIMES))
