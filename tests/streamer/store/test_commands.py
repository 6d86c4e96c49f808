"""The library as a user of the command line meets it."""

import subprocess
import sys
import wave
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from streamer.store.store import Store
from tests.bundles import write_tiny_bundle
from tests.conversations import conversation, utterance
from tests.voices import silence, speak

ANN = utterance("ann", 0.5, 1.5, "Where have [red]you[/] been\x1b[2J?", "anger")
BEN = utterance("ben", 2.0, 3.0, "I can't say", "sadness", unsure=True)


def undertone(*arguments: str | Path, answer: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streamer.cli", *map(str, arguments)]
    return subprocess.run(command, input=answer, capture_output=True, text=True, timeout=90, check=False)


@pytest.fixture
def id(library: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A conversation in the library that the environment names."""
    monkeypatch.setenv("UNDERTONE_STORE", str(file))
    monkeypatch.setenv("COLUMNS", "120")
    return library.begin(conversation(ANN, BEN), "Monday")


def test_list_show_and_search_print_what_is_kept_and_no_order_to_the_terminal(id: str) -> None:
    listed, shown, found = (undertone("conversations", *verb) for verb in (["list"], ["show", id], ["search", "you"]))
    assert (listed.returncode, shown.returncode, found.returncode) == (0, 0, 0), (listed, shown, found)
    for part in (id, "Monday", "ann, ben", "00:03.0"):
        assert part in listed.stdout
    for part in ("Where have [red]you[/] been", "anger", "unsure", "70%"):
        assert part in shown.stdout
    assert f"{id}  00:00.5  ann: Where have [red]you[/] been" in found.stdout
    assert "\x1b" not in listed.stdout + shown.stdout + found.stdout


def test_rename_and_delete_ask_before_what_cannot_be_undone(id: str, library: Store) -> None:
    assert undertone("conversations", "rename", id, "Tuesday").returncode == 0
    refused = undertone("conversations", "delete", id, answer="n\n")
    assert refused.returncode == 1
    assert "Delete 'Tuesday' with its 2 utterances for good?" in refused.stdout
    assert [entry.title for entry in library.list()] == ["Tuesday"]
    assert undertone("conversations", "delete", id, "--yes").returncode == 0
    assert library.list() == ()


def test_export_takes_an_id_and_says_what_it_does_not_know(id: str) -> None:
    exported = undertone("export", id, "--format", "srt")
    assert (exported.returncode, "I can't say" in exported.stdout) == (0, True), exported
    for unknown, sentence in (("zzzzzz", "no conversation 'zzzzzz' is kept"), ("gone.jsonl", "no file 'gone.jsonl'")):
        refused = undertone("export", unknown)
        assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
        assert sentence in refused.stderr


def test_a_library_that_cannot_be_opened_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("Dear diary")
    (tmp_path / "tall.db").mkdir()
    for place in ("diary.txt", "tall.db", "diary.txt/library.db"):
        done = undertone("conversations", "list", "--store", tmp_path / place)
        assert (done.returncode, done.stderr.count("\n"), "--store" in done.stderr) == (1, 1, True), done


def test_looking_at_the_library_loads_no_model() -> None:
    code = "import sys, streamer.store.find, streamer.store.commands; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_replay_is_kept_under_its_files_name_unless_told_otherwise(tmp_path: Path, file: Path) -> None:
    bundle, recording = write_tiny_bundle(tmp_path / "tiny"), tmp_path / "hello.wav"
    pcm = np.concatenate([silence(0.4), speak("that is very good news"), silence(0.8)])
    with wave.open(str(recording), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(16_000)
        wav.writeframes((pcm * 32767).astype("<i2").tobytes())
    replay: list[str | Path] = ["replay", recording, "--bundle", bundle, "--recogniser", "sphinx", "--store", file]
    assert undertone(*replay, "--no-store").returncode == 0
    assert not file.exists()
    done = undertone(*replay)
    assert done.returncode == 0, done.stderr
    with closing(Store.open(str(file))) as store:
        (entry,) = store.search("good news")
        (one,) = store.read(entry.id).utterances
    assert (entry.title, entry.name, entry.speakers) == ("hello.wav", "replay", ("speaker-1",))
    assert (one.text, one.draft) == ("that is very good news", True)
    assert len(one.words) == 5
