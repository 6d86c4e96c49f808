"""Several files on one clock."""

from pathlib import Path

import numpy as np
import pytest

from streamer.audio import Samples
from streamer.sources.file import AudioChunk, FileSource
from streamer.sources.media import VideoFrame
from streamer.sources.together import Part, Together, participant_of
from tests.recordings import write_wav
from tests.tiny_media import write_film


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("ann", "ann"),
        ("Ann  Smith", "Ann Smith"),
        ("audioJohnSmith98796876", "JohnSmith"),
        ("audio98796876", "audio98796876"),
        ("audio1", "audio1"),
        ("riverside_ann smith_raw-audio_daily_0001", "ann smith"),
    ],
)
def test_a_participant_is_named_as_their_recorder_names_the_file(stem: str, name: str) -> None:
    assert participant_of(stem) == name


def _sound(source: Together, name: str) -> tuple[float, Samples]:
    """From when, and the samples, after checking that no chunk leaves a gap."""
    chunks = [item for item in source.read() if isinstance(item, AudioChunk) and item.speaker == name]
    at = chunks[0].time
    for chunk in chunks:
        assert chunk.time == pytest.approx(at, abs=1e-6)
        at += len(chunk.pcm) / 16_000
    return chunks[0].time, np.concatenate([chunk.pcm for chunk in chunks])


@pytest.mark.parametrize(("ann", "ben"), [(0.0, 1.25), (-1.25, 0.0), (7.0, 8.25)])
def test_offsets_put_files_beside_each_other_and_who_ended_is_silent(ann: float, ben: float, tmp_path: Path) -> None:
    long, short = np.full((1, 48_000), 0.5, np.float32), np.full((1, 16_000), 0.25, np.float32)
    source = Together(
        [
            Part("ann", FileSource.open(write_wav(tmp_path / "ann.wav", long)), ann),
            Part("ben", FileSource.open(write_wav(tmp_path / "ben.wav", short)), ben),
        ]
    )
    times = [item.time for item in source.read()]
    assert times == sorted(times)
    began, pcm = _sound(source, "ben")
    assert began == 0.0
    assert not pcm[:20_000].any()
    np.testing.assert_allclose(pcm[20_000:36_000], 0.25, atol=1e-3)
    assert not pcm[36_000:].any()
    assert len(pcm) / 16_000 == pytest.approx(3.0, abs=0.2)
    began, pcm = _sound(source, "ann")
    assert (began, len(pcm)) == (0.0, 48_000)
    assert source.info.duration == 3.0
    assert not source.truncated


def test_everybody_keeps_their_own_pictures(tmp_path: Path) -> None:
    source = Together(
        [
            Part("ann", FileSource.open(write_film(tmp_path / "ann.mp4", seconds=1.0)), 0.0),
            Part("ben", FileSource.open(write_film(tmp_path / "ben.mp4", seconds=1.0, sound=False)), 0.5),
        ]
    )
    seen = [(item.speaker, round(item.time, 1)) for item in source.read() if isinstance(item, VideoFrame)]
    assert [time for name, time in seen if name == "ann"] == pytest.approx(np.arange(0.0, 1.0, 0.1), abs=0.11)
    assert [time for name, time in seen if name == "ben"] == pytest.approx(np.arange(0.5, 1.5, 0.1), abs=0.11)
    assert source.info.speakers == ("ann", "ben")
    assert {item.speaker for item in source.read() if isinstance(item, AudioChunk)} == {"ann"}
