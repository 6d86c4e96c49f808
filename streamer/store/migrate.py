"""Brings a library to the newest version when it is opened."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

from streamer.store.errors import StoreError

VERSION_TABLE: Final = "undertone_version"
_FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x756E6465  # any number that is ours: "unde"


def migrate(reading: Engine, writing: Engine) -> None:
    """Runs what is missing in one transaction; a library that is up to date is only read.

    Raises StoreError where a newer Undertone made it, sqlalchemy.exc.DBAPIError.
    """
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    newest = script.get_current_head()
    with reading.connect() as connection:
        if _version(connection) == newest:
            return
    with writing.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        known = {revision.revision for revision in script.walk_revisions()}
        version = _version(connection)
        if version is not None and version not in known:
            raise StoreError(
                f"the library is of version {version} and this Undertone knows {newest} at most; "
                "upgrade Undertone, or choose another library with --store"
            )
        config.attributes.update(connection=connection, version_table=VERSION_TABLE)
        command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
