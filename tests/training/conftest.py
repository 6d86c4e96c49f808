"""What the tests of training and evaluation share; read it, don't change it."""

from pathlib import Path

import pytest

from tests.bundles import write_tiny_bundle
from tests.tiny_corpora import write_corpora


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny bundle of all modalities."""
    return write_tiny_bundle(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all corpora of a few generated items."""
    return write_corpora(tmp_path_factory.mktemp("data"))
