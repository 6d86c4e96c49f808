"""Where the library lies: a file in the user's data folder, another file, or any database that SQLAlchemy speaks to."""

from pathlib import Path

from platformdirs import user_data_path
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from streamer.store.errors import StoreError


def default_file() -> Path:
    """`library.db` in this user's data folder, as the platform names it."""
    return user_data_path("undertone", appauthor=False) / "library.db"


def parse_place(place: str) -> URL:
    """A SQLAlchemy URL, or the path of an SQLite file. Raises StoreError."""
    if "://" not in place:
        return URL.create("sqlite", database=str(Path(place).expanduser().absolute()))
    try:
        url = make_url(place)
    except (ArgumentError, ValueError) as error:
        message = f"'{place}' is no address of a library; give a file, or a URL such as postgresql://user@host/name"
        raise StoreError(message) from error
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise StoreError("a library in memory keeps nothing; give a file, or say --no-store")
    return url


def file_of(url: URL) -> Path | None:
    """The file of an SQLite library, else None."""
    plain = url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:")
    return Path(url.database) if plain and url.database else None
