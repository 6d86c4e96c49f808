"""Connections to the library's database. SQLite: a write-ahead log, one writer at a time, and deleting is erasing."""

import os
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from streamer.store.errors import StoreError
from streamer.store.place import file_of

BUSY_SECONDS: Final = 5.0
BEGIN: Final = "undertone_begin"
"""The execution option that says how an SQLite transaction begins."""
# One that reads first and then writes can't wait for another writer: it would have to read again.
WRITING: Final = {BEGIN: "BEGIN IMMEDIATE"}
_OUTSIDE: Final = {BEGIN: ""}
_PRAGMAS: Final = ("foreign_keys = ON", "secure_delete = ON", "synchronous = FULL")


def connect(url: URL) -> Engine:
    """An engine, with the folder and the file of SQLite made, for their owner alone. Raises StoreError, OSError."""
    try:
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True)
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    except (ArgumentError, ImportError, TypeError, ValueError) as error:
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
    if how := connection.get_execution_options().get(BEGIN, "BEGIN"):
        connection.exec_driver_sql(how)


def keep_log_ahead(engine: Engine) -> None:
    """Puts an SQLite file into WAL mode, for good: readers and the writer do not wait for each other."""
    with engine.execution_options(**_OUTSIDE).connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def erase_log(engine: Engine) -> bool:
    """Moves SQLite's write-ahead log into the file and empties it; False where another program is reading just now."""
    with engine.execution_options(**_OUTSIDE).connect() as connection:
        busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not busy
