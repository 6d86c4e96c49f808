"""The page, status, health, metrics and server-sent events over plain HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from engine import Engine
from streamer.protocol import EmotionEvent, Error, ErrorCode, Event, Hello, Lag, ServerBye, Warning
from streamer.settings import Settings
from tests.servers import WAIT, Server, serving, stream, until
from tests.voices import silence, speak

ANN = Hello(conversation="talk", participant="ann", consent=True)


@pytest.fixture
async def server(engine: Engine) -> AsyncIterator[Server]:
    async with serving(engine, Settings(audio_queue_seconds=60)) as server:
        yield server


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=WAIT) as client:
        yield client


class Feed:
    """A reader of server-sent events: (id, event), or None for a comment."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> tuple[str | None, Event] | None:
        id = data = None
        async with asyncio.timeout(WAIT):
            async for line in self._lines:
                if line.startswith(":"):
                    return None
                id = line.removeprefix("id: ") if line.startswith("id: ") else id
                data = line.removeprefix("data: ") if line.startswith("data: ") else data
                if not line and data:
                    return id, Event.from_json(data)
        raise EOFError

    async def event(self) -> Event:
        while (message := await self.next()) is None:
            pass
        return message[1]


# --- the page ------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(tmp_path: Path) -> Path:
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Undertone</title>")
    (folder / "assets" / "main-1a2b.js").write_text("export {}")
    (folder / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


async def test_the_page_loads_nothing_from_elsewhere_and_is_cached_right(engine: Engine, page: Path) -> None:
    async with serving(engine, page=page) as server, httpx.AsyncClient(base_url=server.url) as client:
        index, deep = await client.get("/"), await client.get("/conversation/talk")
        script, icon = await client.get("/assets/main-1a2b.js"), await client.get("/icon.svg")
        missing = await client.get("/assets/gone.js")
    assert index.text == deep.text
    assert "Undertone" in index.text
    assert index.headers["cache-control"] == icon.headers["cache-control"] == "no-cache"
    assert "immutable" in script.headers["cache-control"]
    assert "javascript" in script.headers["content-type"]
    assert missing.status_code == 404
    for response in (index, script, missing):
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert "camera=(self)" in response.headers["permissions-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "//etc/passwd"]
)
async def test_no_path_leads_out_of_the_page(engine: Engine, page: Path, path: str) -> None:
    async with serving(engine, page=page) as server:
        port = int(server.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
    assert b"secret\n" not in answer
    assert not answer.endswith(b"secret")
    assert b"root:" not in answer


async def test_a_page_that_is_not_built_says_how_to_build_it(client: httpx.AsyncClient) -> None:
    response = await client.get("/")
    assert response.status_code == 503
    assert "make page" in response.text


async def test_an_unknown_address_of_the_api_is_not_the_page(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/nothing")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


# --- status, health, metrics -----------------------------------------------------------------------------------------


async def test_status_says_what_runs_and_who_is_there(server: Server, client: httpx.AsyncClient) -> None:
    async with stream(server, ANN):
        status = (await client.get("/v1/status")).json()
    assert status["server"]["bundle"] == "tiny"
    assert status["server"]["recogniser"] == "none"
    assert status["server"]["limits"]["ring_events"] == 4096
    assert status["conversations"] == [{"id": "talk", "participants": ["ann"]}]


async def test_metrics_count_sessions_utterances_latency_and_errors(server: Server, client: httpx.AsyncClient) -> None:
    async with stream(server, ANN) as socket:
        pcm = (np.concatenate([silence(0.3), speak("that is very sad"), silence(1.0)]) * 32767).astype("<i2")
        await socket.send(b"\x01" + bytes(8) + pcm.tobytes())
        await socket.send("{")
        while not (await until(socket, EmotionEvent)).final:
            pass
        lines = (await client.get("/metrics")).text.splitlines()
    assert 'undertone_sessions{transport="websocket"} 1.0' in lines
    assert "undertone_utterances_total 1.0" in lines
    assert 'undertone_latency_milliseconds_count{stage="total"} 1.0' in lines
    assert 'undertone_errors_total{code="bad_json"} 1.0' in lines


async def test_health_stays_and_readiness_ends_with_the_hub(server: Server, client: httpx.AsyncClient) -> None:
    assert [(await client.get(path)).status_code for path in ("/healthz", "/readyz")] == [200, 200]
    await server.hub.close()
    assert [(await client.get(path)).status_code for path in ("/healthz", "/readyz")] == [200, 503]


# --- server-sent events --------------------------------------------------------------------------------------------


async def test_a_viewer_follows_a_conversation_and_resumes_it(server: Server, client: httpx.AsyncClient) -> None:
    address, conversation = "/v1/conversations/talk/events", server.hub.conversation("talk")
    conversation.publish(Warning(message="before"))
    async with client.stream("GET", address) as response:
        feed = Feed(response)
        assert response.headers["content-type"].startswith("text/event-stream")
        assert (await feed.event()).body.type == "hello"
        first = conversation.publish(Warning(message="first"))
        assert await feed.next() == (str(first.seq), first)
    missed = conversation.publish(Warning(message="missed"))
    async with client.stream("GET", address, headers={"Last-Event-ID": str(first.seq)}) as response:
        feed = Feed(response)
        assert (await feed.event()).body.type == "hello"
        assert await feed.event() == missed


async def test_a_viewer_whose_events_are_gone_is_told(engine: Engine) -> None:
    async with serving(engine, Settings(ring_events=1)) as server, httpx.AsyncClient(base_url=server.url) as client:
        conversation = server.hub.conversation("talk")
        for number in range(3):
            conversation.publish(Warning(message=str(number)))
        headers = {"Last-Event-ID": "1"}
        async with client.stream("GET", "/v1/conversations/talk/events", headers=headers) as response:
            feed = Feed(response)
            assert (await feed.event()).body.type == "hello"
            error = (await feed.event()).body
            assert isinstance(error, Error)
            assert error.code is ErrorCode.RESUME_GONE


async def test_a_silent_conversation_keeps_the_stream_alive(
    server: Server, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.server.sse.KEEP_ALIVE_SECONDS", 0.05)
    conversation = server.hub.conversation("talk")
    async with client.stream("GET", "/v1/conversations/talk/events") as response:
        feed = Feed(response)
        await feed.event()
        assert [await feed.next() for _ in range(3)] == [None, None, None]
        event = conversation.publish(Warning(message="not lost between comments"))
        assert await feed.event() == event


async def test_a_viewer_that_falls_behind_is_told_and_cut_off(engine: Engine) -> None:
    async with (
        serving(engine, Settings(subscriber_events=2)) as server,
        httpx.AsyncClient(base_url=server.url) as client,
    ):
        conversation = server.hub.conversation("talk")
        async with client.stream("GET", "/v1/conversations/talk/events") as response:
            feed = Feed(response)
            await feed.event()
            for number in range(9):
                conversation.publish(Warning(message=str(number)))
            event = await feed.event()
            while not isinstance(event.body, Lag):
                event = await feed.event()
            with pytest.raises(EOFError):
                await feed.next()
        assert server.hub.metrics.sessions("sse") == 0


async def test_viewers_are_told_of_the_shutdown(server: Server, client: httpx.AsyncClient) -> None:
    server.hub.conversation("talk")
    async with client.stream("GET", "/v1/conversations/talk/events") as response:
        feed = Feed(response)
        await feed.event()
        await server.hub.close()
        assert (await feed.event()).body == ServerBye(reason="shutdown")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/conversations/nobody/events", {}, 404),
        ("/v1/conversations/talk/events", {"Last-Event-ID": "yesterday"}, 400),
        ("/v1/conversations/talk/events", {"Last-Event-ID": "-1"}, 400),
    ],
)
async def test_a_wrong_request_for_events_is_refused(
    server: Server, client: httpx.AsyncClient, path: str, headers: dict[str, str], status: int
) -> None:
    server.hub.conversation("talk")
    assert (await client.get(path, headers=headers)).status_code == status
    assert len(server.hub.conversations) == 1
