"""The sample conversation: its sound, its transcript, and the recording made of it."""

import re
import tomllib
from itertools import islice
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from engine.utterance import SAMPLE_RATE
from streamer import sample
from streamer.faces import FaceTracker
from streamer.sample import SampleError, write_sample_video
from streamer.samples import FOLDER, SAMPLE, TRANSCRIPT
from streamer.samples.compose import Cue, webvtt
from streamer.sources.file import AudioChunk, FileSource, VideoFrame

_CUE = re.compile(r"00:(\d\d):([\d.]+) --> 00:(\d\d):([\d.]+)\n<v (\w+)>(.+)")


@pytest.fixture(scope="module")
def cues() -> list[Cue]:
    found = _CUE.findall(TRANSCRIPT.read_text(encoding="utf-8"))
    return [Cue(who, 60 * int(m) + float(s), 60 * int(n) + float(t), text) for m, s, n, t, who, text in found]


@pytest.fixture(scope="module")
def channels() -> dict[str, npt.NDArray[np.float32]]:
    source = FileSource.open(SAMPLE)
    chunks = [chunk for chunk in source if isinstance(chunk, AudioChunk)]
    return {
        name: np.concatenate([chunk.pcm for chunk in chunks if chunk.speaker == name]) for name in source.info.speakers
    }


def test_the_sound_is_small_stereo_and_about_a_minute() -> None:
    assert SAMPLE.stat().st_size < 1_000_000
    with av.open(str(SAMPLE)) as container:
        assert container.streams.audio[0].codec_context.layout.nb_channels == 2
        assert container.duration is not None
        assert 45 < container.duration / av.time_base < 75


def test_replay_finds_out_that_each_speaker_has_a_channel(channels: dict[str, npt.NDArray[np.float32]]) -> None:
    assert list(channels) == ["speaker-1", "speaker-2"]


def test_the_transcript_is_true(cues: list[Cue], channels: dict[str, npt.NDArray[np.float32]]) -> None:
    sounds = dict(zip(("Maya", "Ben"), channels.values(), strict=True))
    for cue in cues:
        span = slice(round(cue.start * SAMPLE_RATE), round(cue.end * SAMPLE_RATE))
        loud = {name: float(np.sqrt(np.mean(pcm[span] ** 2))) for name, pcm in sounds.items()}
        assert loud.pop(cue.speaker) > 0.01
        assert max(loud.values()) < 0.002, f"someone else speaks during {cue}"


def test_nobody_speaks_outside_the_transcript(cues: list[Cue], channels: dict[str, npt.NDArray[np.float32]]) -> None:
    together = np.maximum(*map(np.abs, channels.values()))
    for cue in cues:
        together[round((cue.start - 0.05) * SAMPLE_RATE) : round((cue.end + 0.05) * SAMPLE_RATE)] = 0
    assert together.max() < 0.02


def test_the_transcript_says_what_the_script_says(cues: list[Cue]) -> None:
    script = tomllib.loads((FOLDER / "conversation.toml").read_text(encoding="utf-8"))
    assert [(cue.speaker, cue.text) for cue in cues] == [
        (turn["speaker"], " ".join(turn["say"])) for turn in script["turns"]
    ]
    assert {turn["expresses"] for turn in script["turns"]} == set(script["prosody"])
    assert len(script["prosody"]) == 7


def test_times_are_written_as_webvtt_wants_them() -> None:
    assert webvtt([Cue("Ben", 1.5, 61.25, "Hi.")]) == "WEBVTT\n\n00:00:01.500 --> 00:01:01.250\n<v Ben>Hi.\n"


def test_the_recording_has_the_sound_and_a_face(tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="the portrait is scikit-image's: the extra `sample`")
    path = tmp_path / "sample.mp4"
    write_sample_video(path)
    source = FileSource.open(path)
    assert source.info.speakers == ("speaker-1", "speaker-2")
    pictures = (item.image for item in source if isinstance(item, VideoFrame))
    tracker = FaceTracker()
    seen = [tracker.track(picture) for picture in islice(pictures, 0, None, 100)]
    tracker.close()
    assert len(seen) >= 5
    assert [len(faces) for faces in seen] == [1] * len(seen)
    assert len({round(faces[0].x, 2) for faces in seen}) > 2, "it does not move"


def test_without_scikit_image_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "find_spec", lambda _: None)
    with pytest.raises(SampleError, match=r"undertone\[sample\]"):
        write_sample_video(tmp_path / "sample.mp4")


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="the portrait is scikit-image's: the extra `sample`")
    with pytest.raises(SampleError, match="no-such-folder"):
        write_sample_video(tmp_path / "no-such-folder" / "sample.mp4")
