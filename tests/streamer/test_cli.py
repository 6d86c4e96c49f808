"""The command line as a user meets it: what it prints, what it writes, and how it says no."""

import re
import signal
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from streamer.protocol import EmotionEvent, Event, TranscriptEvent
from tests.bundles import write_tiny_bundle
from tests.voices import silence, speak


def _undertone(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streamer.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("cli") / "tiny")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "hello.wav"
    pcm = np.concatenate([silence(0.4), speak("that is very good news"), silence(0.8)])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((pcm * 32767).astype("<i2").tobytes())
    return path


def test_help_names_every_verb_without_loading_a_model() -> None:
    done = _undertone("--help")
    assert done.returncode == 0
    for verb in ("serve", "replay", "export", "annotate", "sample", "doctor", "bench", "train", "eval"):
        assert re.search(rf"│ {verb} ", done.stdout), verb


def test_replay_prints_each_utterance_and_writes_every_event(recording: Path, bundle: Path, tmp_path: Path) -> None:
    output = tmp_path / "events.jsonl"
    done = _undertone("replay", recording, "--bundle", bundle, "--recogniser", "sphinx", "-o", output)
    assert done.returncode == 0, done.stderr
    assert "that is very good news" in done.stdout
    assert "draft quality" in done.stdout
    events = [Event.from_json(line) for line in output.read_text().splitlines()]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert sum(isinstance(event.body, EmotionEvent) for event in events) == 1
    assert [e.body.text for e in events if isinstance(e.body, TranscriptEvent)] == ["that is very good news"]


def test_a_reader_that_leaves_costs_no_event(recording: Path, bundle: Path, tmp_path: Path) -> None:
    output = tmp_path / "events.jsonl"
    command = [sys.executable, "-m", "streamer.cli", "replay", str(recording), "--bundle", str(bundle)]
    with subprocess.Popen([*command, "-o", str(output)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as replay:
        assert replay.stdout is not None
        replay.stdout.close()
        assert replay.stderr is not None
        errors = replay.stderr.read().decode()
        replay.wait(timeout=60)
    assert "Traceback" not in errors, errors
    assert any(Event.from_json(line).body.type == "emotion" for line in output.read_text().splitlines())


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.mp4", None, "missing.mp4"),
        ("empty.wav", b"", "empty"),
        ("notes.txt", b"not a recording\n" * 99, "is not a recording"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_in_one_line(
    tmp_path: Path, bundle: Path, name: str, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = _undertone("replay", path, "--bundle", bundle)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bundle_or_recogniser_that_is_not_there_is_said_in_one_line(recording: Path, bundle: Path) -> None:
    for arguments in (("--bundle", "no/such/bundle"), ("--bundle", bundle, "--recogniser", "/no/such/whisper")):
        done = _undertone("replay", recording, *arguments)
        assert done.returncode == 1
        assert "no/such" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_its_address_and_stops_cleanly_when_asked(bundle: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "streamer.cli", "serve", "--port", "0", "--recogniser", "none"]
    with subprocess.Popen(
        [*command, "--bundle", str(bundle)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        server.send_signal(number)
        _, errors = server.communicate(timeout=30)
    assert re.search(r"http://localhost:\d+", line)
    assert (server.returncode, "Traceback" in errors) == (0, False), errors


def test_serve_on_a_device_that_is_none_is_said_in_one_line(bundle: Path) -> None:
    done = _undertone("serve", "--bundle", bundle, "--recogniser", "none", "--device", "abacus", "--no-store")
    assert done.returncode == 1
    assert "give auto, cpu or cuda" in done.stderr
    assert "Traceback" not in done.stderr
