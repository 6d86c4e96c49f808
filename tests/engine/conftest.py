"""A tiny engine for tests: real code, random weights."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from engine import Engine
from tests.buckets import engines_in_buckets
from tests.bundles import write_tiny_bundle


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny bundle; read it, don't change it."""
    return write_tiny_bundle(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def graph_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the text student's graph."""
    return write_tiny_bundle(tmp_path_factory.mktemp("graph"), graph=True)


@pytest.fixture(params=["as on a CPU", "as on a GPU"])
def engine(tiny_bundle: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    with engines_in_buckets() if request.param == "as on a GPU" else nullcontext():
        loaded = Engine.load(tiny_bundle, device="cpu", slots=4, precision="float32")
    with loaded:
        yield loaded
