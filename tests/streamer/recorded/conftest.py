"""What the tests of replays share: a bundle, and a call of two speakers as one stereo file and as two."""

from pathlib import Path

import numpy as np
import pytest

from tests.bundles import write_tiny_bundle
from tests.recordings import call, write_wav


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("call") / "call.wav", call())


@pytest.fixture(scope="session")
def participants(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """ann.wav, and ben.wav which was begun a second later."""
    folder = tmp_path_factory.mktemp("participants")
    ann, ben = call()
    return (
        write_wav(folder / "ann.wav", ann[None]),
        write_wav(folder / "ben.wav", np.ascontiguousarray(ben[16_000:])[None]),
    )
