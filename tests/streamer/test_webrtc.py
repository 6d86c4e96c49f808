"""WebRTC with a real aiortc peer: media in over UDP, events out on the data channel."""

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import numpy as np
import pytest
from aioice import ice
from aiortc import RTCConfiguration, RTCPeerConnection

from engine import Engine
from streamer.client import Call, Disconnected, call
from streamer.errors import Refused
from streamer.protocol import (
    Body,
    Bye,
    EmotionEvent,
    Error,
    ErrorCode,
    FacesEvent,
    Hello,
    Mute,
    Participants,
    Ping,
    Pong,
    ServerBye,
    Speech,
    TranscriptEvent,
    Warning,
)
from streamer.settings import Settings
from tests.servers import WAIT, Server, serving
from tests.tracks import FaceTrack, VoiceTrack, portrait
from tests.voices import silence, speak

ANN = Hello(conversation="call", participant="ann", consent=True)


@pytest.fixture
async def server(engine: Engine) -> AsyncIterator[Server]:
    async with serving(engine) as server:
        yield server


def quiet() -> VoiceTrack:
    return VoiceTrack(silence(0.1))


async def until(call: Call, kind: type[Body]) -> list[Body]:
    """The bodies up to and including the first of this kind."""
    bodies: list[Body] = []
    async with asyncio.timeout(WAIT):
        async for event in call:
            bodies.append(event.body)
            if isinstance(event.body, kind):
                return bodies
    raise AssertionError(f"no {kind.__name__} came, only {bodies}")


async def gone(server: Server, conversation: str = "call") -> None:
    """Waits until nobody takes part any more."""
    found = server.hub.conversation(conversation)
    async with asyncio.timeout(WAIT):
        async for event in found.subscribe(0):
            if isinstance(event.body, Participants) and not event.body.present:
                return


async def test_voice_and_face_are_answered_with_all_kinds_of_events(engine: Engine) -> None:
    pcm = np.concatenate([silence(0.5), speak("I can not believe that we have won"), silence(0.5)])
    voice, face = VoiceTrack(pcm), FaceTrack(portrait())
    async with serving(engine, recogniser="sphinx") as server, call(server.url, ANN, [voice, face]) as session:
        bodies = await until(session, FacesEvent)
        voice.speak()
        while not any(isinstance(body, EmotionEvent) and body.final for body in bodies):
            bodies += await until(session, EmotionEvent)
        session.send(Bye())
        bodies += await until(session, ServerBye)
    assert bodies[0].type == "hello"
    assert bodies[-1] == ServerBye(reason="client")
    assert [body.state for body in bodies if isinstance(body, Speech)] == ["started", "ended"]
    assert "believe" in [body.text for body in bodies if isinstance(body, TranscriptEvent)][-1]
    readings = [body for body in bodies if isinstance(body, EmotionEvent)]
    assert [reading.final for reading in readings] == [False] * (len(readings) - 1) + [True]
    assert len(readings) > 1
    assert set(readings[-1].modalities) == {"text", "audio", "video"}
    assert any(body.faces for body in bodies if isinstance(body, FacesEvent))


async def test_what_is_sent_after_the_connection_is_lost_is_refused_in_a_sentence(server: Server) -> None:
    failed: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context["message"]))
    async with call(server.url, ANN, [quiet()]) as session:
        await until(session, Participants)
        assert session.connection.sctp is not None
        transport, closed = session.connection.sctp.transport, asyncio.Event()
        transport.on("statechange", closed.set)
        await transport.stop()  # The channel is told nothing: as if the network were gone.
        await asyncio.wait_for(closed.wait(), WAIT)
        with pytest.raises(Disconnected, match="ping was not sent"):
            session.send(Ping(nonce=1))
        async with asyncio.timeout(WAIT):
            assert [event async for event in session] == []
        await gone(server)
    gc.collect()
    assert not failed


async def test_a_connection_stays_whose_answers_come_late(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice, "CONSENT_INTERVAL", 0.05)
    received, loop = ice.StunProtocol.datagram_received, asyncio.get_running_loop()
    async with call(server.url, ANN, [quiet()]) as session:
        await until(session, Participants)
        # From now on both hear everything 0.7 s late; asked once each, six questions would be lost in 3.5 s.
        monkeypatch.setattr(
            ice.StunProtocol, "datagram_received", lambda self, *packet: loop.call_later(0.7, received, self, *packet)
        )
        await asyncio.sleep(4.5)
        assert session.connection.connectionState == "connected"
        session.send(Ping(nonce=1))
        assert (await until(session, Pong))[-1] == Pong(nonce=1)


async def test_sound_is_placed_by_its_time_stamps(server: Server) -> None:
    words = np.concatenate([silence(0.3), speak("that is very sad"), silence(0.7)])
    track = VoiceTrack(np.concatenate([words, words]), gap=(len(words) / 16_000, 30.0))
    spoken: list[Speech] = []
    async with call(server.url, ANN, [track.speak()]) as session:
        while len(spoken) < 4:
            spoken += [body for body in await until(session, Speech) if isinstance(body, Speech)]
    first, second = spoken[0].at, spoken[2].at
    assert second - first == pytest.approx(len(words) / 16_000 + 30.0, abs=0.2)


async def test_control_messages_are_obeyed_and_wrong_ones_named(server: Server) -> None:
    async with call(server.url, ANN, [quiet()]) as session:
        await until(session, Participants)
        session.send(Ping(nonce=5))
        assert (await until(session, Pong))[-1] == Pong(nonce=5)
        session._channel.send("{")
        error = (await until(session, Error))[-1]
        assert isinstance(error, Error)
        assert (error.code, error.fatal) == (ErrorCode.BAD_JSON, False)
        session.send(Mute(muted=True))
        assert (await until(session, Participants))[-1] == Participants(present=("ann",), muted=("ann",))


async def test_whoever_says_bye_gets_all_that_was_still_to_come(server: Server) -> None:
    async with call(server.url, ANN, [quiet()]) as session:
        await until(session, Participants)
        for number in range(200):
            server.hub.conversation("call").publish(Warning(message=f"{number} {'.' * 1000}"))
        session.send(Bye())
        bodies = await until(session, ServerBye)
    assert sum(isinstance(body, Warning) for body in bodies) == 200


async def test_hanging_up_takes_the_participant_out(server: Server) -> None:
    async with call(server.url, ANN, [quiet()]) as session:
        await until(session, Participants)
    await gone(server)


async def test_deleting_the_session_ends_it_and_says_bye(server: Server) -> None:
    async with call(server.url, ANN, [quiet()]) as session, httpx.AsyncClient(base_url=server.url) as client:
        await until(session, Participants)
        assert (await client.delete(f"/v1/sessions/{session.id}")).status_code == 204
        assert (await until(session, ServerBye))[-1] == ServerBye(reason="client")
        assert (await client.delete(f"/v1/sessions/{session.id}")).status_code == 404
    await gone(server)


async def test_one_who_calls_again_gets_what_it_missed(server: Server) -> None:
    async with call(server.url, ANN, [quiet()]) as session:
        await until(session, Participants)
    await gone(server)
    server.hub.conversation("call").publish(Warning(message="missed"))
    async with call(server.url, ANN.model_copy(update={"resume_after": 1}), [quiet()]) as session:
        assert [body.type for body in await until(session, Warning)] == ["hello", "participants", "warning"]


async def test_shutdown_says_bye_on_the_data_channel(engine: Engine) -> None:
    async with serving(engine) as server:
        listening = call(server.url, ANN, [quiet()])
        session = await listening.__aenter__()
        await until(session, Participants)
    assert (await until(session, ServerBye))[-1] == ServerBye(reason="shutdown")
    await listening.__aexit__(None, None, None)


async def test_media_that_never_comes_ends_the_session(engine: Engine) -> None:
    async with serving(engine, Settings(idle_seconds=0.3)) as server, httpx.AsyncClient(base_url=server.url) as client:
        offer = ANN.model_dump(exclude={"type", "version"}) | {"sdp": await an_offer()}
        assert (await client.post("/v1/offer", json=offer)).status_code == 200
        await gone(server)


async def test_without_consent_nothing_is_answered(server: Server) -> None:
    with pytest.raises(Refused, match="consent") as refused:
        async with call(server.url, ANN.model_copy(update={"consent": False}), [quiet()]):
            pass
    assert refused.value.code is ErrorCode.CONSENT_REQUIRED
    assert server.hub.conversations == ()


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"sdp": ""}, 400, "bad_offer"),
        ({"sdp": "v=0\r\nm=audio nonsense\r\n"}, 400, "bad_offer"),
        ({"sdp": "v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" * 50}, 400, "bad_offer"),
        ({"sdp": "\x00\xff" * 1000}, 400, "bad_offer"),
        ({"sdp": "x" * 200_000}, 413, "too_large"),
        ({"participant": "a/b"}, 400, "bad_message"),
        ({"type": "answer"}, 400, "bad_message"),
        ({"colour": "red"}, 400, "bad_message"),
        ({"consent": False}, 403, "consent_required"),
    ],
)
async def test_a_bad_offer_is_named_and_leaves_nothing_behind(
    server: Server, change: dict[str, object], status: int, code: str
) -> None:
    offer = ANN.model_dump(exclude={"type", "version"}) | {"sdp": await an_offer()} | change
    async with httpx.AsyncClient(base_url=server.url) as client:
        response = await client.post("/v1/offer", json=offer)
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert len(response.json()["message"]) > 20
    found = server.hub.find("call")
    assert found is None or found.participants == ()


async def test_an_offer_cut_anywhere_never_breaks_the_server(server: Server) -> None:
    sdp = await an_offer()
    async with httpx.AsyncClient(base_url=server.url, timeout=WAIT) as client:
        for end in range(50, len(sdp) - 50, 300):
            offer = ANN.model_dump(exclude={"type", "version"}) | {"sdp": sdp[:end], "participant": f"cut-{end}"}
            assert (await client.post("/v1/offer", json=offer)).status_code in {200, 400, 503}
        assert (await client.get("/healthz")).status_code == 200


async def test_peers_are_bounded(engine: Engine) -> None:
    async with serving(engine, replace(Settings(), max_sessions=1)) as server, call(server.url, ANN, [quiet()]):
        with pytest.raises(Refused) as refused:
            async with call(server.url, ANN.model_copy(update={"participant": "ben"}), [quiet()]):
                pass
        assert refused.value.code is ErrorCode.SERVER_FULL


async def test_a_call_works_with_no_network_but_loopback(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ifaddr.get_adapters", list)
    async with call(server.url, ANN, [quiet()]) as session:
        assert "127.0.0.1" in session.connection.localDescription.sdp
        await until(session, Participants)


async def an_offer() -> str:
    """The SDP of a peer that sends sound."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTrack(quiet())
    await connection.setLocalDescription(await connection.createOffer())
    sdp: str = connection.localDescription.sdp
    await connection.close()
    return sdp
