"""A recording of one mixed track, replayed as its speakers."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.speakers import Diarisation, Turn
from streamer.audio import Samples
from streamer.hub import Hub
from streamer.protocol import EmotionEvent
from streamer.recognise.none import NoRecogniser
from streamer.recorded.play import play
from streamer.settings import Settings
from streamer.sources.file import FileSource
from streamer.sources.media import AudioChunk
from streamer.sources.speakers import SpeakersSource, tell_apart
from tests.mixed import CUES, mixed_conversation, write_wav


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> FileSource:
    return FileSource.open(write_wav(tmp_path_factory.mktemp("mixed") / "talk.wav", mixed_conversation()))


def tracks(source: FileSource | SpeakersSource) -> dict[str, Samples]:
    parts: dict[str, list[Samples]] = {name: [] for name in source.info.speakers}
    for item in source.read():
        assert isinstance(item, AudioChunk)
        parts[item.speaker].append(item.pcm)
    return {name: np.concatenate(chunks) for name, chunks in parts.items()}


async def test_a_replay_of_a_mixed_track_gives_each_utterance_to_its_speaker(
    recording: FileSource, engine: Engine
) -> None:
    source = tell_apart(recording, None)
    assert isinstance(source, SpeakersSource)
    hub = Hub(engine, NoRecogniser(), Settings(live=False))
    conversation = hub.conversation("talk")
    events = conversation.subscribe()
    await play(source, conversation)
    events.close()
    finals = [event.body async for event in events if isinstance(event.body, EmotionEvent) and event.body.final]
    await hub.close()
    assert len(finals) == len(CUES)
    for reading, (start, end, speaker) in zip(finals, CUES, strict=True):
        assert reading.participant == f"speaker-{speaker + 1}"
        assert reading.start == pytest.approx(start, abs=0.4)
        assert reading.end == pytest.approx(end, abs=0.4)


def test_one_speaker_is_asked_for_and_the_recording_stays_as_it_is(recording: FileSource) -> None:
    assert tell_apart(recording, 1) is recording


def test_a_recording_in_which_one_person_speaks_stays_as_it_is(tmp_path: Path) -> None:
    alone = FileSource.open(write_wav(tmp_path / "one.wav", mixed_conversation()[16_000 * 8 : 16_000 * 12]))
    assert tell_apart(alone, None) is alone


def test_others_are_silent_in_a_speakers_track_and_pauses_are_kept(recording: FileSource) -> None:
    found = Diarisation((Turn(0.5, 3.0, 0, 0.0, 1.0), Turn(2.0, 8.0, 1, 0.0, 1.0)), 2)
    mixed, (first, second) = tracks(recording)["speaker-1"], tracks(SpeakersSource(recording, found)).values()
    before, during, after = slice(0, 8_000), slice(8_000, 32_000), slice(48_000, 128_000)
    assert np.array_equal(first[before], mixed[before])
    assert np.array_equal(first[during], mixed[during])
    assert not second[during].any()
    assert not first[after].any()
    assert np.array_equal(second[after], mixed[after])


@pytest.mark.parametrize("frames", [1, 5, 10])
def test_whose_a_frame_is_does_not_hang_on_how_the_sound_is_cut(
    recording: FileSource, monkeypatch: pytest.MonkeyPatch, frames: int
) -> None:
    borders = [round(0.02 * number, 2) for number in (40, 115, 305)]
    turns = tuple(Turn(start, end, number % 2, 0.0, 1.0) for number, (start, end) in enumerate(pairwise(borders)))
    monkeypatch.setattr("streamer.sources.file.CHUNK", 320 * frames)
    first, second = tracks(SpeakersSource(recording, Diarisation(turns, 2))).values()
    mixed = tracks(recording)["speaker-1"]
    lower, middle, upper = (round(16_000 * border) for border in borders)
    assert np.array_equal(first[lower:middle], mixed[lower:middle])
    assert not second[lower:middle].any()
    assert np.array_equal(second[middle:upper], mixed[middle:upper])
    assert not first[middle:upper].any()
