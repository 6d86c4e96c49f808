"""Recordings from Python."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from streamer import replay
from streamer.exports.flat import COLUMNS
from streamer.protocol import EmotionEvent, Event
from streamer.sources.media import MediaError


def test_a_replay_is_an_iterator_of_typed_events_and_a_frame_of_utterances(recording: Path, bundle: Path) -> None:
    pytest.importorskip("pandas")
    meeting = replay(recording, bundle=str(bundle), recogniser="none")
    events = list(meeting)
    assert all(isinstance(event, Event) for event in events)
    readings = [event.body for event in events if isinstance(event.body, EmotionEvent) and event.body.final]
    frame = meeting.frame()
    assert tuple(frame.columns) == COLUMNS
    assert list(frame["label"]) == [reading.label for reading in readings]
    assert list(frame["speaker"]) == ["speaker-1", "speaker-2"] * 2
    assert meeting.record().media == recording


def test_who_stops_reading_stops_the_replay(recording: Path, bundle: Path) -> None:
    for event in replay(recording, bundle=str(bundle), recogniser="none"):
        if isinstance(event.body, EmotionEvent):
            break
    assert "replay" not in {thread.name for thread in threading.enumerate()}


def test_an_unfinished_replay_goes_on_from_python_too(recording: Path, bundle: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    stopped = replay(recording, output=events, bundle=str(bundle), recogniser="none")
    for event in stopped:
        if isinstance(event.body, EmotionEvent):
            break
    assert len(replay(recording, output=events, bundle=str(bundle), recogniser="none").record().utterances) == 4
    assert not events.with_name("events.jsonl.resume").exists()


def test_what_cannot_be_replayed_is_raised_to_the_reader(tmp_path: Path, recording: Path) -> None:
    with pytest.raises(MediaError, match="no file"):
        list(replay(tmp_path / "missing.mp4"))
    with pytest.raises(MediaError, match="2 recordings"):
        replay(recording, recording)


def test_the_package_alone_loads_nothing_heavy() -> None:
    code = "import sys, streamer; assert not {'torch', 'av', 'mediapipe', 'pandas'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
