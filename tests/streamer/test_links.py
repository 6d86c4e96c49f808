"""Links between pages: who can be linked to is told, and signals are passed on, over either transport."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection

from engine import Engine
from streamer.client import Call, call
from streamer.protocol import (
    MAX_SIGNAL_CHARACTERS,
    Error,
    ErrorCode,
    Hello,
    Peers,
    ServerHello,
    Signal,
    SignalEvent,
)
from tests.servers import WAIT, Server, receive, serving, stream, until
from tests.tracks import VoiceTrack
from tests.voices import silence

ANN = Hello(conversation="talk", participant="ann", consent=True, links=True)
WATCHER = Hello(conversation="talk", links=True)


@pytest.fixture
async def server(engine: Engine) -> AsyncIterator[Server]:
    async with serving(engine) as server:
        yield server


async def peers(socket: ClientConnection, *participants: str | None) -> dict[str | None, str]:
    """The ids of these participants, once just they can be linked to."""
    while True:
        known = (await until(socket, Peers)).peers
        if sorted(str(one.participant) for one in known) == sorted(map(str, participants)):
            return {one.participant: one.id for one in known}


async def signal(socket: ClientConnection, to: str, data: str) -> None:
    await socket.send(Signal(to=to, data=data).model_dump_json())


async def test_a_signal_reaches_the_one_session_that_it_is_for(server: Server) -> None:
    async with stream(server, ANN) as ann, stream(server, WATCHER) as watcher, stream(server, WATCHER) as other:
        ids = await peers(ann, "ann", None, None)
        mine = await peers(watcher, "ann", None, None)
        await signal(watcher, mine["ann"], "an answer")
        heard = await until(ann, SignalEvent)
        assert heard.data == "an answer"
        await signal(ann, heard.sender, "an offer")
        assert await until(watcher, SignalEvent) == SignalEvent(sender=ids["ann"], data="an offer")
        await other.send('{"type": "ping", "nonce": 1}')
        while (event := await receive(other)).body.type != "pong":
            assert event.body.type != "signal"


async def test_hello_says_which_peer_one_is_and_who_leaves_is_no_peer_any_more(server: Server) -> None:
    async with stream(server) as watcher:
        await watcher.send(WATCHER.model_dump_json())
        hello = (await receive(watcher)).body
        assert isinstance(hello, ServerHello)
        async with stream(server, ANN):
            assert (await peers(watcher, None, "ann"))[None] == hello.peer
        assert await peers(watcher, None) == {None: hello.peer}


async def test_one_without_consent_is_a_watcher_to_the_others(server: Server) -> None:
    async with stream(server, ANN) as ann, stream(server, ANN.model_copy(update={"consent": False})):
        await peers(ann, "ann", None)


async def test_one_that_asked_for_no_links_gets_none(server: Server) -> None:
    async with stream(server, ANN.model_copy(update={"links": False})) as ann, stream(server, WATCHER) as watcher:
        ids = await peers(watcher, None)
        await signal(ann, ids[None], "hello")
        assert (await until(ann, Error)).code == ErrorCode.NOT_SENDING


async def test_two_who_only_watch_exchange_nothing(server: Server) -> None:
    async with stream(server, WATCHER) as watcher, stream(server, WATCHER):
        async with asyncio.timeout(WAIT):
            while len(known := (await until(watcher, Peers)).peers) < 2:
                pass
        for one in known:
            await signal(watcher, one.id, "hello")
        assert (await until(watcher, Error)).code == ErrorCode.CONSENT_REQUIRED


async def test_signals_stay_in_their_conversation_and_those_to_nobody_are_no_error(server: Server) -> None:
    elsewhere = Hello(conversation="elsewhere", links=True)
    async with stream(server, ANN) as ann, stream(server, elsewhere) as stranger:
        away = await peers(stranger, None)
        await signal(ann, str(away[None]), "hello")
        await signal(ann, "nobody", "hello")
        await ann.send('{"type": "ping", "nonce": 1}')
        while (event := await receive(ann)).body.type != "pong":
            assert event.body.type != "error"
        await stranger.send('{"type": "ping", "nonce": 1}')
        assert (await receive(stranger)).body.type == "pong"


async def test_signals_are_bounded_in_size_and_rate(server: Server) -> None:
    async with stream(server, ANN) as ann, stream(server, WATCHER) as watcher:
        to = str((await peers(ann, "ann", None))[None])
        await ann.send(f'{{"type": "signal", "to": "{to}", "data": "{"x" * (MAX_SIGNAL_CHARACTERS + 1)}"}}')
        assert (await until(ann, Error)).code == ErrorCode.BAD_MESSAGE
        for number in range(140):
            await signal(ann, to, str(number))
        assert (await until(ann, Error)).code == ErrorCode.TOO_FAST
        assert (await until(watcher, SignalEvent)).data == "0"


async def test_signals_pass_between_a_data_channel_and_a_socket(server: Server) -> None:
    async with stream(server, WATCHER) as watcher, call(server.url, ANN, [VoiceTrack(silence(60.0))]) as ann:
        ids = await peers(watcher, None, "ann")
        await signal(watcher, ids["ann"], "an answer")
        heard = await signalled(ann)
        assert heard.data == "an answer"
        ann.send(Signal(to=heard.sender, data="an offer"))
        assert await until(watcher, SignalEvent) == SignalEvent(sender=ids["ann"], data="an offer")


async def signalled(session: Call) -> SignalEvent:
    async with asyncio.timeout(WAIT):
        async for event in session:
            if isinstance(event.body, SignalEvent):
                return event.body
    raise AssertionError("the call ended without a signal")
