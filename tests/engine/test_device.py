"""Where an engine runs: what is asked for, or a sentence on why not."""

from pathlib import Path

import pytest
import torch

from engine import DeviceError, Engine


def test_a_device_that_is_none_is_refused(tiny_bundle: Path) -> None:
    with pytest.raises(DeviceError, match="'abacus': give auto, cpu or cuda"):
        Engine.load(tiny_bundle, device="abacus")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_without_a_gpu_auto_is_the_cpu_and_cuda_says_what_to_do(tiny_bundle: Path) -> None:
    with Engine.load(tiny_bundle) as engine:
        assert engine.device.type == "cpu"
    with pytest.raises(DeviceError, match="give --device cpu"):
        Engine.load(tiny_bundle, device="cuda")
