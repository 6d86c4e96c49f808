"""What all tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("undertone", deadline=None)
settings.load_profile("undertone")


@pytest.fixture(scope="session", autouse=True)
def _no_test_touches_the_users_own_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The commands that tests run keep what they hear in a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERTONE_STORE", str(tmp_path_factory.mktemp("library") / "library.db"))
        yield
