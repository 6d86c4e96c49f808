"""`/v1/stream` when a client comes back, does not read, or the server goes: nothing is lost without a word."""

import asyncio
import struct
from collections.abc import AsyncIterator

import numpy as np
import pytest

from engine import Engine
from streamer.frame import FrameKind, pack_frame
from streamer.protocol import EmotionEvent, Error, ErrorCode, Hello, Lag, ServerBye, Speech, Warning
from streamer.settings import Settings
from tests.servers import WAIT, Server, receive, remaining, serving, stream, until
from tests.voices import silence, speak

ANN = Hello(conversation="talk", participant="ann", consent=True)
WATCHER = Hello(conversation="talk")
ROOMY = Settings(audio_queue_seconds=60.0)


@pytest.fixture
async def server(engine: Engine) -> AsyncIterator[Server]:
    async with serving(engine, ROOMY) as server:
        yield server


async def test_one_who_comes_back_gets_what_it_missed_in_order(server: Server) -> None:
    async with stream(server, WATCHER) as first:
        conversation = server.hub.conversation("talk")
        conversation.publish(Warning(message="1"))
        seen = (await receive(first)).seq
    for number in range(2, 6):
        conversation.publish(Warning(message=str(number)))
    async with stream(server) as second:
        await second.send(WATCHER.model_copy(update={"resume_after": seen}).model_dump_json())
        hello = await receive(second)
        assert hello.seq == seen, "the hello of a resumed session says where it goes on from"
        missed = [(await receive(second)) for _ in range(4)]
        conversation.publish(Warning(message="6"))
        missed.append(await receive(second))
    assert [event.seq for event in missed] == list(range(seen + 1, seen + 6))
    assert [getattr(event.body, "message", None) for event in missed] == list("23456")


async def test_one_who_was_away_too_long_is_told_and_goes_on_live(engine: Engine) -> None:
    async with serving(engine, Settings(ring_events=2)) as server, stream(server) as socket:
        conversation = server.hub.conversation("talk")
        for number in range(5):
            conversation.publish(Warning(message=str(number)))
        await socket.send(WATCHER.model_copy(update={"resume_after": 1}).model_dump_json())
        assert (await receive(socket)).seq == 5
        error = (await receive(socket)).body
        assert isinstance(error, Error)
        assert (error.code, error.fatal) == (ErrorCode.RESUME_GONE, False)
        conversation.publish(Warning(message="live"))
        assert (await receive(socket)).body == Warning(message="live")


async def test_a_reader_that_falls_behind_is_told_and_closed(engine: Engine) -> None:
    async with serving(engine, Settings(subscriber_events=4)) as server, stream(server, WATCHER) as socket:
        conversation = server.hub.conversation("talk")
        for number in range(10):
            conversation.publish(Warning(message=str(number)))
        lag = [event.body for event in await remaining(socket)][-1]
        assert isinstance(lag, Lag)
        assert lag.dropped["events"] > 0
        assert socket.close_code == 1013


async def test_one_who_does_not_read_slows_nobody_else(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.server.websocket.SEND_SECONDS", 0.3)
    async with serving(engine, Settings(subscriber_events=16)) as server, stream(server, WATCHER) as good:
        hearing, deaf = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        deaf.write(_upgrade(server))
        conversation = server.hub.conversation("talk")
        async with asyncio.timeout(WAIT):
            await hearing.readuntil(b"\r\n\r\n")
            deaf.write(_masked(WATCHER.model_dump_json(exclude={"links"}, exclude_none=True).encode()))
            await hearing.readuntil(b'"type":"hello"')
            while server.hub.metrics.sessions("websocket") == 2:
                event = conversation.publish(Warning(message="x" * 100_000))
                assert (await receive(good)).seq == event.seq
        deaf.transport.abort()


async def test_shutdown_answers_what_is_under_way_and_says_bye(engine: Engine) -> None:
    async with serving(engine, ROOMY) as server, stream(server, ANN) as ann, stream(server, WATCHER) as watcher:
        pcm = (np.concatenate([silence(0.3), speak("I was about to say")]) * 32767).astype("<i2")
        await ann.send(pack_frame(FrameKind.AUDIO, 0.0, pcm.tobytes()))
        await until(watcher, Speech)
        closing = asyncio.create_task(server.hub.close())
        bodies = [event.body for event in await remaining(watcher)]
        await closing
        assert (await remaining(ann))[-1].body == ServerBye(reason="shutdown")
    assert [body.final for body in bodies if isinstance(body, EmotionEvent)][-1]
    assert bodies[-1] == ServerBye(reason="shutdown")
    assert watcher.close_code == ann.close_code == 1001


def _upgrade(server: Server) -> bytes:
    lines = [
        "GET /v1/stream HTTP/1.1",
        f"Host: {server.url.removeprefix('http://')}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _masked(text: bytes) -> bytes:
    """A WebSocket text frame of less than 126 bytes with a mask of zeros (RFC 6455, section 5.2)."""
    return struct.pack(">BB4x", 0x81, 0x80 | len(text)) + text
