"""WHIP (RFC 9725) with a plain HTTP client and a peer that only sends, as OBS and GStreamer do."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from engine import Engine
from streamer.loopback import allow_loopback
from streamer.protocol import EmotionEvent, FacesEvent, Participants
from tests.servers import WAIT, Server, serving
from tests.tracks import FaceTrack, VoiceTrack, portrait
from tests.voices import silence, speak

SDP = {"Content-Type": "application/sdp"}
ANN = {"participant": "ann", "consent": "true"}


@pytest.fixture
async def server(engine: Engine) -> AsyncIterator[Server]:
    async with serving(engine) as server:
        yield server


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=WAIT) as client:
        yield client


@asynccontextmanager
async def encoder(*tracks: VoiceTrack | FaceTrack) -> AsyncIterator[RTCPeerConnection]:
    """A peer with its offer ready, sending only."""
    allow_loopback()
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for track in tracks or (VoiceTrack(silence(0.1)),):
        connection.addTransceiver(track, direction="sendonly")
    await connection.setLocalDescription(await connection.createOffer())
    yield connection
    await connection.close()


async def publish(client: httpx.AsyncClient, peer: RTCPeerConnection, offer: str | None = None) -> httpx.Response:
    """Offers, and takes the answer."""
    sdp = offer or peer.localDescription.sdp
    response = await client.post("/whip/talk", params=ANN, headers=SDP, content=sdp)
    assert response.status_code == 201, response.text
    await peer.setRemoteDescription(RTCSessionDescription(response.text, "answer"))
    return response


async def test_an_encoder_publishes_and_others_see_what_is_expressed(server: Server, client: httpx.AsyncClient) -> None:
    events = server.hub.conversation("talk").subscribe(0)
    pcm = np.concatenate([silence(0.5), speak("that is very sad"), silence(0.5)])
    voice = VoiceTrack(pcm)
    async with encoder(voice, FaceTrack(portrait())) as peer:
        response = await publish(client, peer)
        assert response.headers["content-type"] == "application/sdp"
        bodies = []
        async with asyncio.timeout(WAIT):
            async for event in events:
                bodies.append(event.body)
                if isinstance(event.body, FacesEvent) and not voice.speaking:
                    voice.speak()
                if isinstance(event.body, EmotionEvent) and event.body.final:
                    break
        assert any(body.faces for body in bodies if isinstance(body, FacesEvent))
        assert (await client.delete(response.headers["location"])).status_code == 200
        async with asyncio.timeout(WAIT):
            async for event in events:
                if isinstance(event.body, Participants):
                    assert event.body.present == ()
                    break
    assert (await client.delete(response.headers["location"])).status_code == 404


async def test_an_offer_without_candidates_connects_all_the_same(server: Server, client: httpx.AsyncClient) -> None:
    async with encoder() as peer:
        offer = re.sub(r"a=(candidate|end-of-candidates).*\r\n", "", peer.localDescription.sdp)
        connected = asyncio.Event()

        @peer.on("connectionstatechange")
        def follow() -> None:
            if peer.connectionState == "connected":
                connected.set()

        await publish(client, peer, offer)
        async with asyncio.timeout(WAIT):
            await connected.wait()


async def test_only_post_and_delete_are_spoken_and_cors_stays_closed(client: httpx.AsyncClient) -> None:
    async with encoder() as peer:
        response = await publish(client, peer)
        assert (await client.patch(response.headers["location"])).status_code == 405
        preflight = await client.options("/whip/talk", headers={"Origin": "https://example.org"})
    assert preflight.status_code == 405
    for answer in (response, preflight):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("path", "params", "headers", "status"),
    [
        ("/whip/talk", {"participant": "ann"}, SDP, 403),
        ("/whip/talk", {"participant": "ann", "consent": "maybe"}, SDP, 400),
        ("/whip/talk", {"participant": "a b", "consent": "true"}, SDP, 400),
        ("/whip/a%20b", ANN, SDP, 400),
        ("/whip/talk", ANN, {"Content-Type": "application/json"}, 415),
        ("/whip/talk", ANN, SDP | {"Origin": "https://example.org"}, 403),
    ],
)
async def test_a_wrong_request_is_refused_and_nobody_joins(
    server: Server, client: httpx.AsyncClient, path: str, params: dict[str, str], headers: dict[str, str], status: int
) -> None:
    async with encoder() as peer:
        response = await client.post(path, params=params, headers=headers, content=peer.localDescription.sdp)
    assert response.status_code == status
    assert server.hub.conversations == ()


async def test_what_is_no_offer_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/whip/talk", params=ANN, headers=SDP, content=b"\xff\x00 not sdp")
    assert (response.status_code, response.json()["code"]) == (400, "bad_offer")
