"""A tiny bundle to measure: real files, random weights."""

from pathlib import Path

import pytest

from tests.bundles import write_tiny_bundle


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny bundle; read it, don't change it."""
    return write_tiny_bundle(tmp_path_factory.mktemp("tiny"))
