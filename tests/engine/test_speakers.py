"""Speakers of a mixed track, by the models that come with Undertone."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BundleError
from engine.speakers import Diarisation, Diariser, SpeakerModels, Turn
from engine.speakers.models import FOLDER
from engine.speakers.people import assign, people
from engine.speakers.window import Voice, Windows
from tests.mixed import CUES, mixed_conversation


@pytest.fixture(scope="module")
def models() -> SpeakerModels:
    return SpeakerModels.load()


@pytest.fixture(scope="module")
def heard(models: SpeakerModels) -> Diariser:
    diariser = Diariser(models)
    for chunk in np.array_split(mixed_conversation(), 37):
        diariser.push(chunk)
    return diariser


def share(turns: Sequence[Turn], start: float, end: float, speaker: int) -> float:
    """How much of a stretch of time is a speaker's."""
    inside = (min(end, turn.end) - max(start, turn.start) for turn in turns if turn.speaker == speaker)
    return sum(seconds for seconds in inside if seconds > 0) / (end - start)


def test_two_voices_that_take_turns_are_told_apart_and_numbered_by_first_appearance(heard: Diariser) -> None:
    found = heard.finish()
    assert found.speakers == 2
    for start, end, speaker in CUES:
        assert share(found.turns, start, end, speaker) > 0.8, (start, end)
        assert share(found.turns, start, end, 1 - speaker) < 0.1, (start, end)
    assert all(0 <= turn.overlap < 0.2 and turn.clear > 0.7 for turn in found.turns)


def test_as_many_speakers_as_are_asked_for_are_found(heard: Diariser) -> None:
    assert heard.finish(1).speakers == 1
    assert heard.finish(2).turns == heard.finish().turns


def test_a_quiet_recording_has_the_same_turns_as_a_loud_one(models: SpeakerModels, heard: Diariser) -> None:
    quiet = Diariser(models)
    quiet.push(mixed_conversation() * np.float32(0.01))
    loud = heard.finish()
    found = quiet.finish()
    assert found.speakers == loud.speakers
    assert len(found.turns) == len(loud.turns)
    assert all(abs(one.start - other.start) < 0.1 for one, other in zip(found.turns, loud.turns, strict=True))


@pytest.mark.parametrize("seconds", [0.0, 0.01, 4.0])
def test_where_nobody_speaks_there_are_no_turns(models: SpeakerModels, seconds: float) -> None:
    diariser = Diariser(models)
    diariser.push(np.random.default_rng(0).normal(0, 1e-3, round(16000 * seconds)).astype(np.float32))
    assert diariser.finish() == Diarisation((), 0)


def test_windows_hold_every_sample_and_the_last_ends_with_the_sound() -> None:
    sound = np.arange(16000 * 14 + 77, dtype=np.float32)
    windows = Windows(1.0)
    found = [one for chunk in np.array_split(sound, 23) for one in windows.push(chunk)] + list(windows.flush())
    assert [start for start, _ in found] == [0, 1, 2, 3, 4, 5]
    assert all(len(pcm) == 160_000 for _, pcm in found[:-1])
    assert all(pcm[0] == start * 16000 for start, pcm in found)
    assert found[-1][1][-1] == sound[-1]


def test_people_who_turn_out_to_be_one_have_one_number_and_no_turn_over_another() -> None:
    apart = Diarisation(
        (
            Turn(0.0, 2.0, 0, 0.0, 1.0),
            Turn(2.0, 4.0, 1, 0.0, 1.0),
            Turn(5.0, 8.0, 2, 0.0, 0.9),
            Turn(7.0, 8.5, 0, 1.0, 0.6),
        ),
        3,
    )
    found = apart.joined({2: 0})
    assert found.speakers == 2
    assert [(turn.start, turn.end, turn.speaker) for turn in found.turns] == [(0, 2, 0), (2, 4, 1), (5, 8.5, 0)]
    assert found.turns[2].overlap == pytest.approx(1 / 3)
    assert found.turns[2].clear == pytest.approx(0.8)
    assert apart.joined({}) == apart


def voice(window: int, speaker: int, *direction: float, seconds: float = 3.0) -> Voice:
    vector = np.zeros(256, np.float32)
    vector[: len(direction)] = direction
    return Voice(window, speaker, seconds, vector / np.linalg.norm(vector))


def test_voices_of_one_window_are_two_people_however_alike() -> None:
    alike = [voice(window, speaker, 1.0, 0.05 * speaker) for window in range(6) for speaker in range(2)]
    found = people(alike, 1.0, None, 8)
    assert len(found) == 2
    assert set(assign(alike[:2], found).values()) == {0, 1}


def test_there_are_never_more_people_than_allowed() -> None:
    strangers = [voice(number, 0, *([0.0] * number), 1.0) for number in range(12)]
    assert len(people(strangers, 1.0, None, 8)) == 8
    assert len(people(strangers, 1.0, 3, 8)) == 3


def test_a_short_voice_joins_people_and_makes_none() -> None:
    voices = [voice(0, 0, 1.0), voice(1, 0, 1.0), voice(2, 0, 0.0, 1.0, seconds=0.3)]
    assert len(people(voices, 1.0, None, 8)) == 1


def test_a_weight_file_that_is_not_the_listed_one_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "models")
    path = folder / "voice.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\0\0")
    with pytest.raises(BundleError, match=r"voice\.safetensors is not the file that sha256\.json lists"):
        SpeakerModels.load(folder)


def test_a_missing_weight_file_is_named(tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "models")
    (folder / "segmentation.safetensors").unlink()
    with pytest.raises(BundleError, match=r"segmentation\.safetensors is missing"):
        SpeakerModels.load(folder)
