"""Connections to the library's database. SQLite: a write-ahead log, one writer at a time, and deleting is erasing."""

import os
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from streamer.store.errors import StoreError
from streamer.store.place import file_of

BUSY_SECONDS: Final = 5.0
WRITES: Final = "undertone_writes"
"""The execution option of an engine whose transactions write: SQLite then takes its lock at their beginning."""
_PRAGMAS: Final = ("foreign_keys = ON", "secure_delete = ON", "synchronous = FULL")


def connect(url: URL) -> Engine:
    """An engine, with the folder and the file of SQLite made, for their owner alone. Raises StoreError, OSError."""
    try:
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True)
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    except (ImportError, TypeError, ValueError) as error:
        remedy = "for PostgreSQL: pip install 'undertone[postgres]'"
        raise StoreError(f"no driver for '{url.drivername}' is installed ({error}); {remedy}") from error
    if file := file_of(url):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDONLY, 0o600))
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:  # noqa: ARG001 (the event's)
    # The driver would begin transactions by itself, late, and none for DDL; `_begin` does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that reads and then writes can't wait for another writer: it would have to read again.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")


def keep_log_ahead(engine: Engine) -> None:
    """Puts an SQLite file into WAL mode, for good: readers and the writer do not wait for each other."""
    _pragma(engine, "journal_mode = WAL")


def erase_log(engine: Engine) -> bool:
    """Moves SQLite's write-ahead log into the file and empties it; False where another program is reading just now."""
    busy, *_ = _pragma(engine, "wal_checkpoint(TRUNCATE)")
    return not busy


def _pragma(engine: Engine, pragma: str) -> Sequence[Any]:
    """Runs a pragma that can't be in a transaction; its first row."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {pragma}")
        return cursor.fetchone() or ()
    finally:
        connection.close()
