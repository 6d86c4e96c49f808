"""Words by ONNX Runtime or by torch: the same student, and a choice that can be seen."""

import asyncio
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import Engine, Reading
from engine.bundle import Bundle
from engine.errors import BundleError
from engine.grouping import alike
from engine.prompt import Turn
from engine.textreader import GraphReader, TextGraph, TorchReader, text_reader
from tests.utterances import random_utterance
from training.textgraph import text_graph

NO_EXPORTER = """
import sys
from engine import Engine
with Engine.load(sys.argv[1], device="cpu") as engine:
    assert "ONNX" in engine.text_by, engine.text_by
    assert "onnx" not in sys.modules
"""


@pytest.fixture(scope="module")
def bundle(graph_bundle: Path) -> Bundle:
    return Bundle.load(graph_bundle)


@pytest.fixture(scope="module")
def graph(bundle: Bundle) -> TextGraph:
    assert bundle.graph is not None
    return bundle.graph


@pytest.fixture(scope="module")
def rows(bundle: Bundle) -> list[list[int]]:
    """Prompts of many lengths."""
    rng = random.Random(3)  # noqa: S311
    return [
        bundle.prompt.encode([Turn(2, "no, why?")] * rng.randint(0, 4), Turn(1, "all rain " * rng.randint(1, 3)))
        for _ in range(24)
    ]


def test_the_graph_reads_as_the_student_does(bundle: Bundle, graph: TextGraph, rows: list[list[int]]) -> None:
    quick, exact = GraphReader(graph)(rows), TorchReader(bundle.text, bundle.prompt)(rows)
    assert torch.cosine_similarity(quick.embedding, exact.embedding).min() > 0.999
    torch.testing.assert_close(quick.logits.softmax(-1), exact.logits.softmax(-1), rtol=0, atol=0.02)


def test_the_graph_reads_a_row_the_same_to_the_bit_in_any_company(graph: TextGraph, rows: list[list[int]]) -> None:
    read = GraphReader(graph)
    together, alone = read(rows), [read([row]) for row in rows]
    assert torch.equal(together.embedding, torch.cat([one.embedding for one in alone]))
    assert torch.equal(together.logits, torch.cat([one.logits for one in alone]))


def test_batches_of_like_length_come_back_in_their_order(bundle: Bundle, rows: list[list[int]]) -> None:
    read = TorchReader(bundle.text, bundle.prompt)
    assert len(alike([len(row) for row in rows], 32)) > 1
    torch.testing.assert_close(read(rows).logits, torch.cat([read([row]).logits for row in rows]), rtol=0, atol=1e-5)


def test_a_bundle_with_a_graph_is_read_by_it_and_one_without_by_torch(bundle: Bundle, graph: TextGraph) -> None:
    assert text_reader(bundle.text, bundle.prompt, graph).way == GraphReader.way
    assert text_reader(bundle.text, bundle.prompt, None).way == TorchReader.way


def test_a_graph_that_reads_something_else_is_not_used(bundle: Bundle, graph: TextGraph) -> None:
    other = {name: np.roll(w, 1, axis=0) if w.ndim == 2 else w for name, w in graph.weights.items()}
    assert text_reader(bundle.text, bundle.prompt, replace(graph, weights=other)).way == TorchReader.way


@pytest.mark.parametrize("content", [b"", b"no graph", b"\x08\x09"])
def test_a_graph_that_is_none_is_refused(graph: TextGraph, content: bytes) -> None:
    with pytest.raises(BundleError, match=r"text\.onnx can't be used: .*; export the bundle again"):
        GraphReader(replace(graph, graph=content))


def test_a_graph_for_other_weights_is_refused(bundle: Bundle, graph: TextGraph) -> None:
    with pytest.raises(BundleError, match="export the bundle again"):
        GraphReader(replace(graph, graph=text_graph(replace(bundle.text.config, width=64))))


def test_widths_that_no_graph_can_have_are_refused_at_export(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        text_graph(replace(bundle.text.config, width=24))


def test_serving_needs_no_exporter(graph_bundle: Path) -> None:
    command = [sys.executable, "-c", NO_EXPORTER, str(graph_bundle)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_dialogues_side_by_side_read_as_each_alone(graph_bundle: Path) -> None:
    utterances = [random_utterance(random.Random(i), "ann") for i in range(12)]  # noqa: S311
    with Engine.load(graph_bundle, device="cpu", slots=24) as engine:
        together = await asyncio.gather(*(engine.open().observe(u) for u in utterances))
        alone = [await engine.open().observe(u) for u in utterances]
    torch.testing.assert_close(numbers(together), numbers(alone), rtol=0, atol=1e-5)


def numbers(readings: list[Reading]) -> torch.Tensor:
    return torch.tensor([list(r.probabilities.values()) for r in readings])


def test_the_bundle_that_comes_with_undertone_is_read_by_its_graph() -> None:
    shipped = Bundle.load("undertone-base")
    assert shipped.graph is not None
    assert shipped.graph.graph == text_graph(shipped.text.config)
    assert text_reader(shipped.text, shipped.prompt, shipped.graph).way == GraphReader.way
