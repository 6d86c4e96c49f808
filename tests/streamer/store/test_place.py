"""Where a library may lie: a file or a URL; anything else is refused in a sentence."""

from pathlib import Path

import pytest

from streamer.store.errors import StoreError
from streamer.store.place import default_file, file_of, parse_place
from streamer.store.store import Store


def test_a_path_is_an_sqlite_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_of(parse_place("notes 100%.db")) == tmp_path / "notes 100%.db"
    assert file_of(parse_place("~/notes.db")) == Path.home() / "notes.db"
    assert file_of(parse_place("sqlite:////srv/library.db")) == Path("/srv/library.db")


def test_left_out_it_is_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/data")
    assert default_file().parts[-2:] == ("undertone", "library.db")


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("sqlite://", "in memory keeps nothing"),
        ("sqlite:///:memory:", "in memory keeps nothing"),
        ("://", "no address of a library"),
        ("nonesuch://host/name", "no driver for 'nonesuch'"),
        ("postgresql+nonesuch://host/name", "no driver for 'postgresql.nonesuch'"),
    ],
)
def test_what_is_no_library_is_said_to_be_none(place: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence):
        Store.open(place)


def test_no_error_tells_a_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as raised:
        Store.open(f"postgresql+psycopg://ann:secret@/library?host={tmp_path}")
    assert "secret" not in str(raised.value)
    assert "ann:***@" in str(raised.value)
