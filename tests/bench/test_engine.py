"""The engine's benchmark runs the real engine, and measures at every place that its plan names."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bench.engine import Plan, measure
from bench.errors import CannotMeasure

TINY = Plan(concurrent=(1, 3), open=(1, 4), turns=(2, 12), live=(6,), seconds=1.5, calls=4, steps=4)


async def test_every_place_of_the_plan_has_its_figures(tiny_bundle: Path) -> None:
    record = await measure(str(tiny_bundle), threads=1, plan=replace(TINY, processes=(2,)))
    found = {(curve.name, curve.over, curve.unit): [p.at for p in curve.points] for curve in record.curves}
    for name in ("all", "text", "audio", "video"):
        assert found[name, "dialogues at once", "ms"] == [1, 3]
        assert found[name, "dialogues at once", "utterances/s"] == [1, 3]
    assert found["fusion", "turn", "ms"] == [2, 12]
    assert found["fusion", "open dialogues", "ms"] == [1, 4]
    assert found["memory of all", "open dialogues", "MiB"] == [1, 4]
    side_by_side = ("all, 512 dialogues each", "engines side by side")
    assert found[*side_by_side, "ms"] == found[*side_by_side, "utterances/s"] == [2]
    assert record.figures["6 live: latency"].unit == "ms"
    assert record.figures["6 live: answered"].p50 > 0
    assert record.figures["memory of a dialogue"].p50 > 0
    for part in ("words", "voice", "faces", "fusion"):
        assert record.figures[f"{part}: floor"].p50 > 0
    assert record.settings["bundle"] == "tiny"
    alone = [curve for curve in record.curves if curve.over != side_by_side[1]]
    assert all(point.figure.n in (1, 4, 6) for curve in alone for point in curve.points)


async def test_more_dialogues_than_fit_into_memory_are_refused_at_once(tiny_bundle: Path) -> None:
    with pytest.raises(CannotMeasure, match="leave out --full"):
        await measure(str(tiny_bundle), plan=replace(TINY, open=(10**9,)))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
async def test_a_device_that_is_not_there_is_named(tiny_bundle: Path) -> None:
    with pytest.raises(CannotMeasure, match="give --device cpu"):
        await measure(str(tiny_bundle), device="cuda", plan=TINY)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
async def test_it_measures_on_a_gpu(tiny_bundle: Path) -> None:
    record = await measure(str(tiny_bundle), device="cuda", plan=TINY)
    assert record.machine.gpu
