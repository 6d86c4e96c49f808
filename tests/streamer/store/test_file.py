"""The SQLite file: safe from crashes and from other programs, its owner's alone, and without what was deleted."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import pytest

from streamer.store.errors import StoreError
from streamer.store.store import Store
from tests.conversations import conversation, utterance

ROOT = Path(__file__).resolve().parents[3]
# Once asked, opens a library and keeps one utterance after another, saying of each when it is kept.
KEEP = """
import sys
from streamer.store.store import Store
from tests.conversations import conversation, utterance
print("ready", flush=True)
sys.stdin.readline()
store = Store.open(sys.argv[1])
id = store.begin(conversation())
print(id, flush=True)
for number in range(int(sys.argv[2])):
    text = f"quokka number {number} " * 50
    assert store.add(id, utterance("ann", float(number), number + 0.5, text, id=f"ann-{number}"))
    print(number, flush=True)
"""


@contextmanager
def keeping(file: Path, count: int) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A process of its own that keeps this many utterances, and what it says."""
    command = [sys.executable, "-c", KEEP, str(file), str(count)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
        yield process, process.stdout


def test_a_killed_process_leaves_all_that_was_kept_and_nothing_half(file: Path) -> None:
    with keeping(file, 100_000) as (process, output):
        id = output.readline().strip()
        said = [output.readline() for _ in range(7)]
        process.kill()
        said += output.readlines()
    with closing(Store.open(str(file))) as store:
        kept = store.read(id).utterances
        assert len(kept) in {len(said), len(said) + 1}  # One more may be kept than could be said.
        assert [one.utterance for one in kept] == [f"ann-{number}" for number in range(len(kept))]
        assert all(len(one.words) == 150 for one in kept)
        assert store.entry(id).duration == len(kept) - 0.5
        assert [entry.id for entry in store.search("quokka")] == [id]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.execute("INSERT INTO utterance_words (utterance_words) VALUES ('integrity-check')")


def test_two_processes_make_and_write_one_library_at_once(file: Path) -> None:
    with keeping(file, 20) as (process, _):
        with closing(Store.open(str(file))) as store:
            id = store.begin(conversation())
            assert all(store.add(id, utterance("ben", float(n), n + 0.5, id=f"ben-{n}")) for n in range(20))
        _, errors = process.communicate()
    assert errors == ""
    with closing(Store.open(str(file))) as store:
        assert [entry.utterances for entry in store.list()] == [20, 20]


def test_what_is_deleted_leaves_no_byte_in_the_file_or_its_log(file: Path, library: Store) -> None:
    stays = library.begin(conversation(utterance("ann", 0.0, 1.0, "wombats stay")), "Kept")
    id = library.begin(conversation(utterance("zebedee", 0.0, 1.0, "quokkas " * 200)), "Aardvarks")
    library.add(id, utterance("zebedee", 2.0, 3.0, "marmosets"))
    assert {b"quokka", b"marmoset", b"zebedee", b"Aardvark", b"wombat"} <= _found(file)
    library.delete(id)
    assert _found(file) == {b"wombat"}
    assert [entry.id for entry in library.search("wombats")] == [stays]


def _found(file: Path) -> set[bytes]:
    names = (b"quokka", b"marmoset", b"zebedee", b"Aardvark", b"wombat")
    contents = b"".join(path.read_bytes() for path in file.parent.iterdir()).lower()
    return {name for name in names if name.lower() in contents}


def test_the_file_and_its_folder_are_their_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "undertone" / "library.db"
    with closing(Store.open(str(file))) as store:
        store.begin(conversation())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (file.parent, *file.parent.iterdir())}
    assert modes.pop("undertone") == 0o700
    assert set(modes.values()) == {0o600}


# --- what can't be opened ------------------------------------------------------------------------------------------


@contextmanager
def not_root() -> Iterator[None]:
    """Root may write anywhere: for the time of the block, be nobody."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_folder_that_cannot_be_written_is_said_with_what_to_do() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with not_root(), pytest.raises(StoreError, match=r"make it and its folder writable, or .* --no-store"):
            Store.open(f"{folder}/library.db")


def test_a_file_that_cannot_be_written_is_read_but_not_kept_in() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "library.db"
        Store.open(str(file)).close()
        file.chmod(0o444)
        Path(folder).chmod(0o777)
        with not_root(), closing(Store.open(str(file))) as store:
            assert store.list() == ()
            with pytest.raises(StoreError, match=r"make it and its folder writable, or .* --no-store"):
                store.check_writable()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 999)
    with pytest.raises(StoreError, match="not a database"):
        Store.open(str(file))
    assert file.read_bytes() == b"Dear diary, " * 999


def test_a_file_that_another_program_holds_is_said_to_be_held(file: Path, impatient: Store) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="close the other program that holds it"):
            impatient.begin(conversation())
        other.execute("ROLLBACK")
    assert impatient.begin(conversation())
