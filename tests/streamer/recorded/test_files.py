"""What a replay leaves behind: all events as they came, and exports of what is final, even where it was stopped."""

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from streamer.exports import ExportError
from streamer.hub import Hub
from streamer.protocol import Event
from streamer.recognise import load_recogniser
from streamer.record import read_jsonl
from streamer.recorded.files import ReplayFiles
from streamer.recorded.play import play
from streamer.settings import Settings
from streamer.sources.file import FileSource
from tests.conversations import emotion, events, transcript, utterance
from tests.voices import silence, speak

ANN = utterance("ann", 0.5, 2.0, "they gave me the job")
BEN = utterance("ben", 1.5, 3.0, "really", "surprise")


async def test_a_replay_writes_its_events_and_its_exports_and_they_say_the_same(engine: Engine, tmp_path: Path) -> None:
    media = tmp_path / "hello.wav"
    pcm = np.concatenate([silence(0.4), speak("that is very good news"), silence(0.8)])
    with wave.open(str(media), "wb") as file:
        file.setparams((1, 2, 16_000, len(pcm), "NONE", ""))
        file.writeframes((pcm * 32767).astype("<i2").tobytes())
    outputs = [tmp_path / "events.jsonl", tmp_path / "hello.srt", tmp_path / "hello.eaf"]
    words = load_recogniser("sphinx")
    hub = Hub(engine, words, Settings(live=False))
    conversation = hub.conversation("c")
    subscription = conversation.subscribe()
    with ReplayFiles(outputs, media=media) as files:
        files.read_by(bundle="tiny", recogniser=words.name)
        await play(FileSource.open(media), conversation)
        subscription.close()
        async for event in subscription:
            files.take(event)
    await hub.close()
    words.close()
    lines = outputs[0].read_text().splitlines()
    assert [Event.from_json(line).seq for line in lines] == list(range(1, len(lines) + 1))
    (one,) = read_jsonl(outputs[0]).utterances
    captions = outputs[1].read_text()
    assert f"{one.label}): {one.text}\n" in captions
    assert media.as_uri() in outputs[2].read_text()


def test_a_stopped_replay_still_exports_what_was_final_by_then(tmp_path: Path) -> None:
    told = list(events(transcript(ANN), emotion(ANN), transcript(BEN), emotion(BEN, final=False)))

    def stopped() -> None:
        with ReplayFiles([tmp_path / "stopped.html"]) as files:
            for event in told:
                files.take(event)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        stopped()
    page = (tmp_path / "stopped.html").read_text()
    assert "they gave me the job" in page
    assert "ended early" in page
    assert "really" not in page


@pytest.mark.parametrize("name", ["a.docx", "a", "file/a.srt"])
def test_what_cannot_be_written_is_refused_before_the_replay(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match=r"suffix|cannot be made"):
        ReplayFiles([tmp_path / "events.jsonl", tmp_path / name])
    assert not (tmp_path / "events.jsonl").exists()
