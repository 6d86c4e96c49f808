"""Only on a GPU: the graphs are captured, run without waiting and without new memory, and see what is in them anew."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from engine.bundle import Bundle
from engine.cuda.fusion import GraphFusion
from engine.cuda.graphs import Graphs
from engine.cuda.readers import Faces, Voices, Words
from engine.prompt import Turn

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")]
CUDA = torch.device("cuda")


@contextmanager
def without_waiting() -> Iterator[None]:
    """Raises where the host waits for the device, and checks that no memory is asked of the driver."""
    taken = torch.cuda.memory_stats()["num_device_alloc"]
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert torch.cuda.memory_stats()["num_device_alloc"] == taken


@torch.inference_mode()
def test_students_are_asked_without_waiting() -> None:
    bundle, graphs = Bundle.load("undertone-base"), Graphs(CUDA)
    words = Words(bundle.text, bundle.prompt, graphs, torch.bfloat16)
    faces, voices = Faces(bundle.video, graphs, torch.bfloat16), Voices(bundle.audio, CUDA)
    noise = np.random.default_rng(0)
    rows = [bundle.prompt.encode([], Turn(1, "what is it? " * n)) for n in range(1, 80)]
    crops = noise.integers(0, 256, (300, 48, 48), dtype=np.uint8)
    pcm = [noise.normal(0, 0.1, n).astype(np.float32) for n in range(5_000, 60_000, 2_500)]
    for _ in range(2):
        words(rows), faces(crops), voices(pcm)
    with without_waiting():
        words(rows), faces(crops), voices(pcm)


@torch.inference_mode()
def test_a_step_of_the_fusion_does_not_wait_and_takes_no_new_memory() -> None:
    fusion = GraphFusion(Bundle.load("undertone-base").fusion, 300, CUDA, torch.bfloat16)
    for _ in range(2):
        for round in fusion._rounds.values():
            round.answer(round.answer.blank())
    with without_waiting():
        for round in fusion._rounds.values():
            round.answer(round.answer.blank())
            round.remember()
        fusion.clear(7)


def test_a_graph_runs_on_what_its_inputs_are_now() -> None:
    source = torch.zeros(3, device=CUDA)
    doubled = Graphs(CUDA).capture(lambda: source * 2)
    for value in (1.0, 5.0):
        source.fill_(value)
        assert doubled().tolist() == [2 * value] * 3
