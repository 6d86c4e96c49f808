"""What a part has to multiply and to read is counted as it is, and its floor is the longer of both."""

from pathlib import Path

import pytest
import torch
from safetensors.numpy import load_file
from torch import Tensor, nn

from bench.floor import floors
from bench.utterances import FACES
from engine.bundle import Bundle
from engine.utterance import FACE_SIZE


def test_work_and_weights_are_counted(tiny_bundle: Path) -> None:
    bundle = Bundle.load(tiny_bundle)
    found = floors(bundle)
    stored = load_file(tiny_bundle / "text.safetensors")
    layers = [rows for name, rows in stored.items() if name.startswith("encoder.encoder.") and "scale" not in name]
    assert found["words: to read"].p50 == pytest.approx(sum(rows.size for rows in layers) / 1e6, abs=1e-4)
    assert found["faces: work"].p50 == pytest.approx(_products(bundle.video) / 1e9, rel=0.02)
    longest = {
        "words": found["words: work"].p50 / found["this machine multiplies"].p50,
        "fusion": found["fusion: to read"].p50 / found["this machine moves"].p50 / 1e3,
    }
    for part, seconds in longest.items():
        assert found[f"{part}: floor"].p50 >= 1e3 * seconds - 2e-4


def _products(video: nn.Module) -> float:
    """Multiplications and additions of its convolutions over an utterance's faces."""
    counts: list[float] = []

    def count(layer: nn.Conv2d, _: object, out: Tensor) -> None:
        counts.append(2.0 * out.numel() * layer.in_channels * layer.kernel_size[0] * layer.kernel_size[1])

    for layer in video.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    with torch.no_grad():
        video(torch.zeros(FACES, FACE_SIZE, FACE_SIZE, dtype=torch.uint8))
    return sum(counts)
