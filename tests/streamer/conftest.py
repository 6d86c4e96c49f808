"""What the streamer's tests share: one engine on random weights."""

from collections.abc import Iterator

import pytest

from engine import Engine
from tests.bundles import write_tiny_bundle


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine.load(str(write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")))
    yield engine
    engine.close()
