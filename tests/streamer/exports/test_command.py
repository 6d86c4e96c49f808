"""`undertone export` as a user meets it."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from streamer.exports import FORMATS
from tests.conversations import emotion, events, transcript, utterance


def _export(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streamer.cli", "export", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a replay of two utterances writes."""
    bodies = [
        told for one in (utterance("ann", 0, 1), utterance("ben", 1, 2)) for told in (transcript(one), emotion(one))
    ]
    path = tmp_path_factory.mktemp("export") / "events.jsonl"
    path.write_text("".join(event.to_json() + "\n" for event in events(*bodies)))
    return path


def test_help_names_every_format() -> None:
    told = _export("--help").stdout
    assert [name for name in FORMATS if name not in told] == []


def test_one_format_without_an_output_goes_to_standard_output_alone(replayed: Path) -> None:
    done = _export(replayed, "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["speaker"] for row in csv.DictReader(done.stdout.splitlines())] == ["ann", "ben"]


def test_several_files_are_written_at_once(replayed: Path, tmp_path: Path) -> None:
    done = _export(replayed, "-o", tmp_path / "a.vtt", "-o", tmp_path / "a.TextGrid")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.vtt").read_text().startswith("WEBVTT\n")
    assert (tmp_path / "a.TextGrid").read_text().startswith('File type = "ooTextFile"\n')


def test_a_run_that_was_killed_is_exported_as_far_as_it_went_and_that_is_said(replayed: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(replayed.read_bytes()[:-20])
    done = _export(cut, "--format", "rttm")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert "not whole" in done.stderr


def test_a_bad_suffix_and_a_broken_line_are_said_in_one_line(replayed: Path, tmp_path: Path) -> None:
    bad = _export(tmp_path / "not-read.jsonl", "-o", tmp_path / "a.docx")
    assert (bad.returncode, len(bad.stderr.splitlines())) == (1, 1)
    assert ".emotionml" in bad.stderr
    broken = tmp_path / "[broken].jsonl"
    broken.write_bytes(replayed.read_bytes() + b"{}\n")
    done = _export(broken, "--format", "srt")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "[broken].jsonl: line 5 is not an event" in done.stderr
