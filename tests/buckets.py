"""The GPU's way to compute, on the CPU: the same calls on the same fixed sizes, made one by one and not as a graph."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from engine.bundle import Bundle
from engine.cuda.fusion import GraphFusion
from engine.cuda.students import GraphStudents
from engine.precision import Precision, chosen


def in_buckets(
    bundle: Bundle, device: torch.device, slots: int, precision: Precision, lanes: int
) -> tuple[GraphStudents, GraphFusion]:
    """As `engine.placement.placed` does where there is a GPU."""
    dtype = chosen(precision, device)
    return GraphStudents(bundle, device, dtype), GraphFusion(bundle.fusion, slots, device, dtype)


@contextmanager
def engines_in_buckets() -> Iterator[None]:
    """Every engine that is loaded meanwhile computes so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.engine.placed", in_buckets)
        yield
