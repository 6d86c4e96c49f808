"""Whose face is whose in a recording: found by lips and voices, believed where it is clear, and used for readings."""

from pathlib import Path

import numpy as np
import pytest

from engine.speakers import Diarisation, Turn
from streamer.protocol import FacesEvent
from streamer.recorded.inputs import recordings
from streamer.recorded.request import Request
from streamer.recorded.run import replay_recording
from streamer.sources.file import FileSource
from streamer.sources.lips import whose_faces
from streamer.sources.speakers import SpeakersSource
from tests.films import PICTURES_PER_SECOND, face, lips, write_call, write_film
from tests.mixed import CUES, mixed_conversation, two_voices
from tests.recordings import webvtt
from tests.streamer.recorded.watching import Watching

NAMES = ("Maya", "Ben")
PICTURES = 31 * PICTURES_PER_SECOND
MAYA, BEN = ([(start, end) for start, end, who in CUES if who == person] for person in (0, 1))


@pytest.fixture(scope="module")
def moving() -> list[list[int]]:
    """How far each of two opens the mouth, who sit in the reverse order of their first words."""
    maya, ben = two_voices()
    return [lips(ben, PICTURES), lips(maya, PICTURES)]


@pytest.fixture(scope="module")
def film(moving: list[list[int]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people side by side, in one picture and one mixed track."""
    return write_call(tmp_path_factory.mktemp("film") / "talk.mkv", mixed_conversation(), moving)


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("said") / "said.vtt"
    path.write_text(webvtt([(NAMES[who], start, end, "Well.") for start, end, who in CUES]))
    return path


async def _replayed(film: Path, bundle: Path, transcript: Path | None = None) -> Watching:
    (recording,) = recordings([film], transcript=transcript)
    watching = Watching()
    await replay_recording(Request(recording, bundle=str(bundle), recogniser="none"), watching)
    return watching


def _sides(watching: Watching) -> dict[str | None, set[str]]:
    """On which side of the picture each speaker's face was."""
    found: dict[str | None, set[str]] = {}
    for event in watching.events:
        if isinstance(event.body, FacesEvent):
            for face in event.body.faces:
                found.setdefault(face.speaker, set()).add("left" if face.x + face.width / 2 < 0.5 else "right")
    return found


async def test_faces_and_voices_become_one_person_and_a_transcript_names_them(
    film: Path, bundle: Path, transcript: Path
) -> None:
    assert _sides(await _replayed(film, bundle)) == {"speaker-1": {"right"}, "speaker-2": {"left"}}
    named = await _replayed(film, bundle, transcript)
    assert _sides(named) == {"Maya": {"right"}, "Ben": {"left"}}
    assert all("video" in reading.modalities for reading in named.readings)
    speaking = {
        face.speaker
        for event in named.events
        if isinstance(event.body, FacesEvent) and 8.8 < event.body.at < 11.5
        for face in event.body.faces
        if face.speaking
    }
    assert speaking == {"Maya"}


async def test_of_people_who_move_no_lips_nobody_is_taken_for_the_speaker(
    bundle: Path, transcript: Path, tmp_path: Path
) -> None:
    still = write_call(tmp_path / "still.mkv", mixed_conversation(), [[3] * PICTURES] * 2)
    watching = await _replayed(still, bundle, transcript)
    assert set(_sides(watching)) == {None}
    assert {reading.participant for reading in watching.readings} == set(NAMES)
    assert not any("video" in reading.modalities for reading in watching.readings)


async def test_who_is_out_of_the_picture_does_not_get_the_face_of_who_is_in_it(
    moving: list[list[int]], bundle: Path, transcript: Path, tmp_path: Path
) -> None:
    alone = write_call(tmp_path / "alone.mkv", mixed_conversation(), moving[1:])
    watching = await _replayed(alone, bundle, transcript)
    assert set(_sides(watching)) == {"Maya"}
    assert [("video" in reading.modalities) for reading in watching.readings] == [
        reading.participant == "Maya" for reading in watching.readings
    ]


def _split(film: Path, *halves: int) -> SpeakersSource:
    """As if the later utterances of these two had been taken for others."""
    found = [
        Turn(start, end, who + 2 * (who in halves and index >= len(CUES) // 2), 0.0, 1.0)
        for index, (start, end, who) in enumerate(CUES)
    ]
    return SpeakersSource(FileSource.open(film), Diarisation(tuple(found), 2 + len(halves)))


def test_two_voices_of_one_face_are_one_person(film: Path) -> None:
    source, faces = whose_faces(_split(film, 0), FileSource.open(film), lambda _: None)
    assert isinstance(source, SpeakersSource)
    assert source.info.speakers == ("speaker-1", "speaker-2")
    assert source.turns["speaker-1"].spans == pytest.approx(np.array(MAYA))
    assert sorted(faces.values()) == ["speaker-1", "speaker-2"]


def test_two_people_at_one_place_of_the_picture_stay_two(moving: list[list[int]], tmp_path: Path) -> None:
    ben = [any(start - 0.4 <= at / PICTURES_PER_SECOND < end + 0.2 for start, end in BEN) for at in range(PICTURES)]
    shown = (face(0, moving[0][at]) if ben[at] else face(1, moving[1][at]) for at in range(PICTURES))
    film = write_film(tmp_path / "cuts.mkv", mixed_conversation(), shown)
    source, _ = whose_faces(_split(film), FileSource.open(film), lambda _: None)
    assert source.info.speakers == ("speaker-1", "speaker-2")
