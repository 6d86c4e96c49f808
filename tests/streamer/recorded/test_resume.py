"""A replay gives the same bytes every time, and the same again when it was killed in the midst of it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from streamer.recorded import bookmark
from streamer.recorded.bookmark import place_of
from streamer.recorded.inputs import Recording, recordings
from streamer.recorded.mistakes import CannotResume
from streamer.recorded.request import Request, Summary
from streamer.recorded.run import replay_recording
from streamer.sample import open_portrait, picture
from tests.recordings import call, ffmpeg, write_wav
from tests.streamer.recorded.watching import Killed, Watching, timeless


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A call with one speaker's picture, that moves."""
    pytest.importorskip("skimage")
    folder = tmp_path_factory.mktemp("film")
    heard = call()
    portrait = open_portrait()
    with av.open(str(folder / "seen.mp4"), "w") as file:
        track = file.add_stream("mpeg4", rate=10)
        track.width, track.height, track.pix_fmt, track.bit_rate = 320, 240, "yuv420p", 2_000_000
        for number in range(heard.shape[1] // 1_600):
            shown = av.VideoFrame.from_ndarray(picture(portrait, number / 10), format="rgb24")
            file.mux(track.encode(shown.reformat(width=320, height=240, format="yuv420p")))
        file.mux(track.encode(None))
    write_wav(folder / "heard.wav", heard)
    ffmpeg("-i", folder / "seen.mp4", "-i", folder / "heard.wav", "-c:v", "copy", folder / "film.mkv")
    (found,) = recordings([folder / "film.mkv"], channels="split")
    return found


async def _replay(recording: Recording, events: Path, bundle: Path, watching: Watching | None = None) -> Summary:
    return await replay_recording(Request(recording, (events,), str(bundle), "sphinx"), watching or Watching())


@pytest.fixture
def short_memories(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that even a short film has pictures that are not looked at again."""
    monkeypatch.setattr("streamer.faces.EPOCH_SECONDS", 1.0)
    monkeypatch.setattr(bookmark, "EPOCH_SECONDS", 1.0)
    monkeypatch.setattr(bookmark, "_LONGEST_BACK", 3.0)


@pytest.mark.usefixtures("short_memories")
async def test_a_replay_gives_the_same_bytes_whether_it_is_killed_or_not(
    film: Recording, bundle: Path, tmp_path: Path
) -> None:
    whole, again, killed = (tmp_path / f"{name}.jsonl" for name in ("whole", "again", "killed"))
    for events in (whole, again):
        assert (await _replay(film, events, bundle)).utterances == 4
        assert not place_of(events).exists()
    assert timeless(whole) == timeless(again)
    assert any('"faces": [{' in line for line in timeless(whole))
    for answered in (1, 3):
        with pytest.raises(Killed):
            await _replay(film, killed, bundle, Watching(killed_after=answered))
        _tear(killed)
    going_on = Watching()
    assert (await _replay(film, killed, bundle, going_on)).utterances == 4
    assert going_on.told is not None
    assert going_on.told.before >= 2
    assert len(going_on.readings) == 4
    assert timeless(killed) == timeless(whole)


def _tear(events: Path) -> None:
    """Leaves both files as a kill may: with a last line that is not whole."""
    for path in (events, place_of(events)):
        content = path.read_bytes()
        path.write_bytes(content + content.splitlines()[-1][:40])


def test_a_killed_command_goes_on_where_it_was(recording: Path, bundle: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    command = [sys.executable, "-m", "streamer.cli", "replay", str(recording), "--bundle", str(bundle)]
    command += ["--recogniser", "sphinx", "--no-store", "-o"]
    subprocess.run([*command, str(whole)], check=True, capture_output=True)
    with subprocess.Popen([*command, str(killed)], stdout=subprocess.DEVNULL) as replay:
        while replay.poll() is None and not (place_of(killed).exists() and len(_lines(place_of(killed))) > 2):
            time.sleep(0.02)
        os.kill(replay.pid, signal.SIGKILL)
    assert place_of(killed).exists()
    done = subprocess.run([*command, str(killed), "-o", str(tmp_path / "all.csv")], check=True, capture_output=True)
    assert b"are answered already" in done.stdout
    assert timeless(killed) == timeless(whole)
    assert len(_lines(tmp_path / "all.csv")) == 1 + 4
    assert not place_of(killed).exists()


@pytest.mark.parametrize("different", ["recording", "transcript", "recogniser"])
async def test_an_unfinished_replay_of_something_else_is_never_mixed_in(
    different: str, recording: Path, bundle: Path, tmp_path: Path
) -> None:
    events = tmp_path / "events.jsonl"
    (own,) = recordings([recording])
    with pytest.raises(Killed):
        await replay_recording(Request(own, (events,), str(bundle), "none"), Watching(killed_after=2))
    before = events.read_bytes()
    changed = own
    if different == "recording":
        (changed,) = recordings([write_wav(tmp_path / "other.wav", call()[:, :-100])])
    elif different == "transcript":
        (tmp_path / "words.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nhello\n")
        (changed,) = recordings([recording], transcript=tmp_path / "words.srt")
    recogniser = "sphinx" if different == "recogniser" else "none"
    with pytest.raises(CannotResume, match=different):
        await replay_recording(Request(changed, (events,), str(bundle), recogniser), Watching())
    assert events.read_bytes() == before


async def test_without_its_events_a_bookmark_is_worth_nothing(recording: Path, bundle: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    (own,) = recordings([recording])
    with pytest.raises(Killed):
        await _replay(own, events, bundle, Watching(killed_after=2))
    events.unlink()
    anew = Watching()
    await _replay(own, events, bundle, anew)
    assert anew.told is not None
    assert anew.told.resumed_at is None
    assert [json.loads(line)["seq"] for line in _lines(events)] == list(range(1, len(_lines(events)) + 1))


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()
