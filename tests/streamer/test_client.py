"""The client library: what a bot can rely on."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from engine import Engine
from streamer.client import Disconnected, connect
from streamer.errors import Refused
from streamer.protocol import (
    EmotionEvent,
    Error,
    ErrorCode,
    Hello,
    Participants,
    Pong,
    ServerBye,
    Speech,
    Warning,
)
from streamer.settings import Settings
from tests.servers import WAIT, Server, serving
from tests.voices import silence, speak

ANN = Hello(conversation="talk", participant="ann", consent=True)


@pytest.fixture
async def server(engine: Engine) -> AsyncIterator[Server]:
    async with serving(engine, Settings(audio_queue_seconds=60)) as server:
        yield server


async def test_a_session_sends_sound_and_ends_with_the_last_answer(server: Server) -> None:
    async with asyncio.timeout(WAIT), connect(server.url, ANN) as session:
        assert session.hello.consented
        assert session.hello.bundle == "tiny"
        await session.send_audio(0.0, np.concatenate([silence(0.3), speak("that is very sad")]))
        await session.ping(3)
        await session.bye()
        bodies = [event.body async for event in session]
    assert bodies[0] == session.hello
    assert Pong(nonce=3) in bodies
    assert [body.final for body in bodies if isinstance(body, EmotionEvent)][-1]
    assert bodies[-1] == ServerBye(reason="client")


async def test_one_who_hangs_up_right_after_bye_is_answered_all_the_same(server: Server) -> None:
    events = server.hub.conversation("talk").subscribe(0)
    async with asyncio.timeout(WAIT):
        async with connect(server.url, ANN) as session:
            await session.send_audio(0.0, np.concatenate([silence(0.3), speak("that is very sad")]))
            await session.bye()
        bodies = []
        async for event in events:
            bodies.append(event.body)
            if event.body == Participants(present=(), muted=()):
                break
    assert [body.final for body in bodies if isinstance(body, EmotionEvent)][-1]


async def test_sound_of_any_length_is_sent_in_frames_that_the_server_takes(server: Server) -> None:
    async with asyncio.timeout(WAIT), connect(server.url, ANN) as session:
        await session.send_audio(0.0, np.concatenate([silence(30.0), speak("that is very sad")]))
        await session.bye()
        bodies = [event.body async for event in session]
    assert not [body for body in bodies if isinstance(body, Error)]
    assert next(body.at for body in bodies if isinstance(body, Speech)) == pytest.approx(30.2, abs=0.3)


async def test_flush_and_mute_do_what_they_say(server: Server) -> None:
    async with asyncio.timeout(WAIT), connect(server.url, ANN) as session:
        await session.send_audio(0.0, np.concatenate([silence(0.3), speak("that is very sad")]))
        await session.flush()
        async for event in session:
            if isinstance(event.body, EmotionEvent) and event.body.final:
                break
        await session.mute(True)
        async for event in session:
            if isinstance(event.body, Participants):
                assert event.body.muted == ("ann",)
                break


async def test_what_the_server_refuses_is_raised_with_its_code(server: Server) -> None:
    async with connect(server.url, ANN):
        with pytest.raises(Refused, match="choose another participant name") as refused:
            async with connect(server.url, ANN):
                pass
    assert refused.value.code is ErrorCode.PARTICIPANT_TAKEN


async def test_a_broken_connection_is_said_where_it_is_not_taken_up_again(server: Server) -> None:
    async with asyncio.timeout(WAIT), connect(server.url, ANN) as session:
        session._connection.transport.abort()
        with pytest.raises(Disconnected, match="resume_after"):
            async for _ in session:
                pass


async def test_a_broken_connection_is_taken_up_again_and_nothing_is_missed(server: Server) -> None:
    watcher = Hello(conversation="talk")
    conversation = server.hub.conversation("talk")
    async with asyncio.timeout(WAIT), connect(server.url, watcher, reconnect=True) as session:
        seen = []
        conversation.publish(Warning(message="0"))
        async for event in session:
            seen.append(event)
            if not isinstance(event.body, Warning):
                continue
            number = int(event.body.message) + 1
            if number == 3:
                session._connection.transport.abort()
            if number == 6:
                break
            conversation.publish(Warning(message=str(number)))
    assert [event.body.message for event in seen if isinstance(event.body, Warning)] == list("012345")
    assert [event.body.type for event in seen].count("hello") == 2


async def test_a_speaker_who_reconnects_goes_on_in_the_conversations_time(server: Server) -> None:
    words = np.concatenate([silence(0.3), speak("that is very sad"), silence(1.0)])
    async with asyncio.timeout(WAIT), connect(server.url, ANN, reconnect=True) as session:
        spoken: list[Speech] = []
        hellos = 0
        async for event in session:
            hellos += event.body.type == "hello"
            if event.body.type == "hello" and hellos == 1:
                session._connection.transport.abort()
            elif event.body.type == "hello":
                await session.send_audio(500.0, words)
            elif isinstance(event.body, Speech):
                spoken.append(event.body)
                if len(spoken) == 2:
                    break
    assert spoken[0].at < 60, "media time 500 s of the broken session is not 500 s after joining again"


async def test_an_address_that_is_no_server_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ValueError, match="begins with http"):
        connect("ftp://localhost", ANN)
