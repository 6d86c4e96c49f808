"""Which track a transcript's speakers are on."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from streamer.audio import Samples
from streamer.sources.file import AudioChunk, FileSource
from streamer.sources.together import Part, Together
from streamer.transcripts.cues import Cue
from streamer.transcripts.script import Scripted, follow
from tests.recordings import write_wav

TIME = np.arange(16_000) / 16_000
TONE = (0.3 * np.sin(2 * np.pi * 300 * TIME)).astype(np.float32)
REST = np.zeros_like(TONE)
LEFT = np.concatenate([TONE, REST, TONE, REST])
RIGHT = np.concatenate([REST, TONE, REST, TONE])
CUES = [Cue(0.1, 0.9, "one", "Ann"), Cue(1.1, 1.9, "two", "Ben"), Cue(2.1, 2.9, "three", "Ann")]


def _heard(script: Scripted) -> dict[str, Samples]:
    found: defaultdict[str, list[Samples]] = defaultdict(list)
    for item in script.read():
        assert isinstance(item, AudioChunk)
        found[item.speaker].append(item.pcm)
    return {name: np.concatenate(parts) for name, parts in found.items()}


@pytest.fixture
def stereo(tmp_path: Path) -> FileSource:
    return FileSource.open(write_wav(tmp_path / "call.wav", np.stack([RIGHT, LEFT])), "split")


def test_on_a_mixed_track_everybody_of_the_transcript_hears_it(tmp_path: Path) -> None:
    script = follow(FileSource.open(write_wav(tmp_path / "room.wav", (LEFT + RIGHT)[None])), CUES)
    assert script.info.speakers == ("Ann", "Ben")
    heard = _heard(script)
    np.testing.assert_array_equal(heard["Ann"], heard["Ben"])
    assert [cue.text for cue in script.cues["Ann"]] == ["one", "three"]
    assert (script.seen_with("Ann"), script.seen_with("Ben")) == (None, "Ann")


def test_on_several_tracks_a_speaker_is_on_the_one_that_is_loudest_meanwhile(stereo: FileSource) -> None:
    script = follow(stereo, CUES)
    assert script.info.speakers == ("Ann", "Ben")
    np.testing.assert_allclose(_heard(script)["Ann"], LEFT, atol=1e-4)
    np.testing.assert_allclose(_heard(script)["Ben"], RIGHT, atol=1e-4)
    assert (script.seen_with("Ann"), script.seen_with("Ben")) == (None, "Ann")


def test_cues_without_names_are_of_the_track_that_is_loudest_meanwhile(stereo: FileSource) -> None:
    script = follow(stereo, [Cue(cue.start, cue.end, cue.text) for cue in CUES])
    assert {name: [cue.text for cue in cues] for name, cues in script.cues.items()} == {
        "speaker-2": ["one", "three"],
        "speaker-1": ["two"],
    }


def test_a_file_of_the_speakers_name_is_theirs_and_who_says_nothing_stays(tmp_path: Path) -> None:
    parts = [
        Part(name, FileSource.open(write_wav(tmp_path / f"{name}.wav", sound[None])), 0.0)
        for name, sound in (("AnnSmith", RIGHT), ("carol", LEFT), ("ben", LEFT))
    ]
    cues = [Cue(0.1, 0.9, "one", "Ann Smith"), Cue(1.1, 1.9, "two", "Ben")]
    script = follow(Together(parts), cues)
    assert {name: len(cues) for name, cues in script.cues.items()} == {"Ann Smith": 1, "Ben": 1, "carol": 0}
    np.testing.assert_allclose(_heard(script)["Ann Smith"][: len(RIGHT)], RIGHT, atol=1e-4)
    assert (script.seen_with("Ann Smith"), script.seen_with("Ben")) == (None, None)


def test_a_transcript_of_nobody_on_one_track_is_of_its_speaker(tmp_path: Path) -> None:
    source = FileSource.open(write_wav(tmp_path / "memo.wav", LEFT[None]))
    assert list(follow(source, [Cue(0.0, 1.0, "one")]).cues) == ["speaker-1"]
