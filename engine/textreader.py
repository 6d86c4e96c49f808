"""Who reads prompts on a CPU: the text student's graph in ONNX Runtime, or torch. Chosen here and nowhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch

from engine.errors import BundleError
from engine.grouping import alike, in_order
from engine.prompt import Prompt, Turn
from engine.students import StudentOutput, TextStudent
from engine.threads import session_options

_BATCH: Final = 32
_PROOF: Final = Turn(1, "Oh my god! I can't believe that you are here, this is great.")
_NEAR: Final = 0.99  # cosine of the two embeddings; on MELD dev no row was under 0.999

Rows = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True, eq=False)
class TextGraph:
    """The student as an ONNX graph without weights, and these as `text.safetensors` has them."""

    graph: bytes
    weights: Mapping[str, npt.NDArray[np.generic]]
    path: Path


class TextReader(Protocol):
    """Rows of `Prompt.encode` in, what the student says of them out. way: for people to read."""

    way: str

    def __call__(self, rows: Rows) -> StudentOutput: ...


def text_reader(text: TextStudent, prompt: Prompt, graph: TextGraph | None) -> TextReader:
    """The faster reader of the same student: the graph where the CPU computes it right, else torch.

    The graph has to prove itself on a prompt first. Raises BundleError for one that does not load.
    """
    student = TorchReader(text, prompt)
    if graph is None:
        return student
    proof = [prompt.encode([], _PROOF)]
    quick = GraphReader(graph)
    near = torch.cosine_similarity(quick(proof).embedding, student(proof).embedding)
    return quick if float(near) > _NEAR else student


class TorchReader:
    """The student as it is, in float32, in batches of like length."""

    way = "torch"

    def __init__(self, text: TextStudent, prompt: Prompt) -> None:
        self._text, self._prompt = text, prompt

    @torch.inference_mode()
    def __call__(self, rows: Rows) -> StudentOutput:
        """Embedding [n, D] and logits [n, labels] of n rows, in their order."""
        batches = alike([len(row) for row in rows], _BATCH)
        said = [self._text(*self._prompt.collate([list(rows[i]) for i in batch])) for batch in batches]
        return in_order(said, batches)


class GraphReader:
    """The graph, row by row: a batch is no faster on a CPU, and a row's result then depends on no other row."""

    way = "ONNX Runtime, 8-bit"

    def __init__(self, graph: TextGraph) -> None:
        options = session_options()
        self._weights = {
            name: onnxruntime.OrtValue.ortvalue_from_numpy(tensor) for name, tensor in graph.weights.items()
        }  # the session reads them where they are
        options.add_external_initializers(list(self._weights), list(self._weights.values()))
        try:
            self._session = onnxruntime.InferenceSession(graph.graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises its own, which share no base but this
            raise BundleError(f"{graph.path} can't be used: {error}; export the bundle again") from error

    def __call__(self, rows: Rows) -> StudentOutput:
        """Embedding [n, D] and logits [n, labels] of n rows, in their order."""
        said = [self._session.run(["embedding", "logits"], {"ids": np.array([row], np.int64)}) for row in rows]
        embedding, logits = (torch.from_numpy(np.concatenate(parts)) for parts in zip(*said, strict=True))
        return StudentOutput(embedding, logits)
