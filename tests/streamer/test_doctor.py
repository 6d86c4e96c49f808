"""The doctor: what it says of this machine, and of parts that are missing."""

import io
import socket
from pathlib import Path

import pytest
from rich.console import Console

from streamer import doctor
from streamer.doctor import Check, check, print_table
from tests.bundles import write_tiny_bundle


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Check]:
    bundle = write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")
    return {one.name: one for one in check(str(bundle), port=0)}


@pytest.mark.parametrize(
    "name", ["Python", "torch", "bundle", "engine", "words: PocketSphinx", "voice activity", "faces"]
)
def test_what_every_install_has_works(rows: dict[str, Check], name: str) -> None:
    assert rows[name].ok, rows[name]


def test_whatever_does_not_work_says_what_to_do(rows: dict[str, Check]) -> None:
    assert all(one.remedy for one in rows.values() if not one.ok)


def test_a_bundle_that_is_not_there_is_missing(tmp_path: Path) -> None:
    row = doctor._bundle(str(tmp_path))
    assert row.ok is False
    assert "bundle" in row.remedy


def test_a_port_that_is_taken_is_named_with_another_way() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        row = doctor._port(taken.getsockname()[1])
    assert row.ok is None
    assert "--port" in row.remedy


def test_a_part_that_breaks_leaves_the_other_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Check:
        raise ImportError("no such module")

    monkeypatch.setattr(doctor, "_faces", broken)
    faces = doctor._tried("faces", doctor._faces)
    assert faces.ok is False
    assert "no such module" in faces.found


def test_the_table_shows_each_row_with_its_remedy() -> None:
    out = io.StringIO()
    print_table([Check("page", ok=False, found="not built", remedy="make page")], Console(file=out, width=120))
    assert all(word in out.getvalue() for word in ("page", "missing", "not built", "make page"))
