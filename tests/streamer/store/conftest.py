"""Libraries in real databases: an SQLite file of each test's own, and PostgreSQL where it is installed."""

import itertools
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from streamer.store.store import Store
from tests.servers import WAIT
from tests.streamer.store.databases import postgresql, programs

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgresql(found) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new library may lie: each test that asks runs on each database."""
    if request.param == "sqlite":
        return str(tmp_path / "library.db")
    name = f"library_{next(_numbers)}"
    url = make_url(request.getfixturevalue("server"))
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    until = time.monotonic() + WAIT
    while True:
        try:
            with engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            break
        except OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)  # It is starting.
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    """An empty library on each database."""
    with closing(Store.open(place)) as store:
        yield store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where an SQLite library may lie."""
    return tmp_path / "library.db"


@pytest.fixture
def library(file: Path) -> Iterator[Store]:
    """An empty SQLite library."""
    with closing(Store.open(str(file))) as store:
        yield store


@pytest.fixture
def impatient(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty SQLite library that waits for no lock, so that tests of locks do not either."""
    monkeypatch.setattr("streamer.store.database.BUSY_SECONDS", 0.05)
    with closing(Store.open(str(file))) as store:
        yield store
