"""A file replayed and the same file streamed live in real time give the same utterances and readings."""

import asyncio
import time
import wave
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from streamer.client import Session, connect, finish
from streamer.hub import Hub
from streamer.protocol import EmotionEvent, Event, Hello, TranscriptEvent
from streamer.recognise import load_recogniser
from streamer.recorded.play import play
from streamer.settings import Settings
from streamer.sources.file import AudioChunk, FileSource
from tests.servers import WAIT, serving
from tests.voices import silence, speak


@dataclass(frozen=True)
class Told:
    """What a replay or a call said of one utterance in the end."""

    utterance: str
    start: float
    end: float
    text: str
    label: str
    probabilities: dict[str, float]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two speakers in turns, one a channel, 16-bit: what the WebSocket carries to the bit."""
    left = np.concatenate([silence(0.4), speak("Where have you been all day?", "slt"), silence(3.0)])
    right = np.concatenate([silence(3.2), speak("I was at home, and I was very sad.", "rms"), silence(1.0)])
    length = max(len(left), len(right))
    both = np.stack([np.pad(channel, (0, length - len(channel))) for channel in (left, right)], axis=1)
    path = tmp_path / "call.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((both * 32767).astype("<i2").tobytes())
    return path


def _told(events: list[Event]) -> list[Told]:
    words = {e.body.utterance: e.body.text for e in events if isinstance(e.body, TranscriptEvent) and e.body.final}
    finals = [e.body for e in events if isinstance(e.body, EmotionEvent) and e.body.final]
    return [
        Told(f.utterance, f.start, f.end, words[f.utterance], f.label, {str(k): v for k, v in f.probabilities.items()})
        for f in finals
    ]


async def _replayed(path: Path, engine: Engine) -> list[Told]:
    words = load_recogniser("sphinx")
    hub = Hub(engine, words, Settings(live=False))
    conversation = hub.conversation("c")
    events = conversation.subscribe()
    await play(FileSource.open(path), conversation)
    events.close()
    told = _told([event async for event in events])
    await hub.close()
    words.close()
    return told


async def _streamed(path: Path, engine: Engine) -> list[Told]:
    source = FileSource.open(path)
    async with serving(engine, replace(Settings(), drain_seconds=WAIT), "sphinx") as server, AsyncExitStack() as stack:
        sessions: dict[str, Session] = {}
        for name in source.info.speakers:
            hello = Hello(conversation="c", participant=name, consent=True, origin=0.0, resume_after=0)
            sessions[name] = await stack.enter_async_context(connect(server.url, hello))
        began = time.perf_counter()
        for item in source:
            assert isinstance(item, AudioChunk)
            await asyncio.sleep(max(0.0, item.time + 0.1 - (time.perf_counter() - began)))
            await sessions[item.speaker].send_audio(item.time, item.pcm)
        first, *others = sessions.values()
        await asyncio.gather(*map(finish, others))
        return _told(await finish(first))


async def test_replay_and_live_give_the_same_utterances_and_readings(recording: Path, engine: Engine) -> None:
    filed = await _replayed(recording, engine)
    live = await _streamed(recording, engine)
    assert [told.utterance for told in filed] == ["speaker-1-1", "speaker-2-1"]
    assert "where have you been" in filed[0].text
    for one, other in zip(filed, live, strict=True):
        assert replace(one, probabilities={}) == replace(other, probabilities={})
        assert one.probabilities == pytest.approx(other.probabilities, abs=2e-4)
