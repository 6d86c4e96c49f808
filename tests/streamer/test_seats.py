"""A name is its client's own: with its claim it comes back at once, and nobody else gets in between."""

from collections.abc import AsyncIterator

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection

from engine import Engine
from streamer.client import call
from streamer.frame import FrameKind, pack_frame
from streamer.protocol import (
    Bye,
    Error,
    ErrorCode,
    Hello,
    Participants,
    ServerBye,
    ServerHello,
    Speech,
    TranscriptEvent,
)
from streamer.settings import Settings
from tests.servers import Server, receive, remaining, serving, stream, until
from tests.tracks import VoiceTrack
from tests.voices import silence, speak

ANN = Hello(conversation="talk", participant="ann", consent=True, claim="ann's own, nobody else's")
STRANGER = ANN.model_copy(update={"claim": "what another browser made"})
NOBODY = ANN.model_copy(update={"claim": None})
WATCHER = Hello(conversation="talk")


@pytest.fixture
async def server(engine: Engine) -> AsyncIterator[Server]:
    async with serving(engine) as server:
        yield server


async def answer(socket: ClientConnection, hello: Hello) -> ServerHello | Error:
    """What the server says first."""
    await socket.send(hello.model_dump_json())
    body = (await receive(socket)).body
    assert isinstance(body, ServerHello | Error)
    return body


async def refused(server: Server, hello: Hello) -> bool:
    async with stream(server) as socket:
        body = await answer(socket, hello)
        return isinstance(body, Error) and body.code is ErrorCode.PARTICIPANT_TAKEN


async def test_one_who_comes_back_takes_over_from_a_connection_that_still_hangs(server: Server) -> None:
    async with stream(server, WATCHER) as watcher, stream(server, ANN) as old:
        pcm = (np.concatenate([silence(0.3), speak("I was about to say")]) * 32767).astype("<i2")
        await old.send(pack_frame(FrameKind.AUDIO, 0.0, pcm.tobytes()))
        await until(watcher, Speech)
        async with stream(server, ANN):
            *_, error, bye = [event.body for event in await remaining(old)]
            assert isinstance(error, Error)
            assert (error.code, error.fatal) == (ErrorCode.REPLACED, True)
            assert bye == ServerBye(reason="error")
            found = server.hub.find("talk")
            assert found is not None
            assert found.participants == ("ann",)
        while not (await until(watcher, TranscriptEvent)).final:
            pass


@pytest.mark.parametrize("other", [STRANGER, NOBODY])
async def test_nobody_else_takes_over(server: Server, other: Hello) -> None:
    async with stream(server, ANN) as socket:
        assert await refused(server, other)
        await socket.send('{"type": "ping", "nonce": 1}')
        while (await receive(socket)).body.type != "pong":
            pass


async def test_a_name_whose_connection_broke_is_kept_for_its_client(server: Server) -> None:
    async with stream(server, WATCHER) as watcher:
        async with stream(server, ANN) as socket:
            assert (await until(watcher, Participants)).present == ("ann",)
            socket.transport.abort()
        assert (await until(watcher, Participants)).present == ()
        assert await refused(server, STRANGER)
        assert not await refused(server, ANN)


async def test_it_is_kept_for_a_while_only(engine: Engine) -> None:
    async with serving(engine, Settings(hold_seconds=0.01)) as server, stream(server, WATCHER) as watcher:
        async with stream(server, ANN):
            assert (await until(watcher, Participants)).present == ("ann",)
        assert (await until(watcher, Participants)).present == ()
        while await refused(server, STRANGER):
            pass


async def test_one_who_said_bye_keeps_no_name(server: Server) -> None:
    async with stream(server, ANN) as socket:
        await socket.send(Bye().model_dump_json())
        await remaining(socket)
    assert not await refused(server, STRANGER)


async def test_a_call_takes_over_too(server: Server) -> None:
    async with stream(server, ANN) as socket, call(server.url, ANN, [VoiceTrack(silence(0.1))]):
        *_, error, _ = [event.body for event in await remaining(socket)]
        assert isinstance(error, Error)
        assert error.code is ErrorCode.REPLACED
