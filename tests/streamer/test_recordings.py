"""Recordings handed in over HTTP, on a real server with real recognition."""

import asyncio
import json
import tempfile
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from engine import Engine
from streamer.settings import Settings
from streamer.store.library import Library
from streamer.store.store import Store
from tests.servers import WAIT, Server, serving
from tests.tiny_media import write_film
from tests.voices import silence, speak

SENTENCE = "Where have you been all day?"
MINUTE = b"\0\0" * 16_000 * 60


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(str(tmp_path / "library.db"))) as store:
        yield store


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what is handed in lies until it is read."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@asynccontextmanager
async def _client(
    engine: Engine, library: Store | None = None, settings: Settings | None = None, recogniser: str = "sphinx"
) -> AsyncIterator[tuple[httpx.AsyncClient, Server]]:
    kept = Library(library, 100) if library else None
    async with (
        serving(engine, settings, recogniser, library=kept) as server,
        httpx.AsyncClient(base_url=server.url, timeout=WAIT) as client,
    ):
        yield client, server


def _wav(pcm: bytes) -> bytes:
    with tempfile.TemporaryFile() as held, wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(pcm)
        held.seek(0)
        return held.read()


def _spoken() -> bytes:
    sound = np.concatenate([silence(0.4), speak(SENTENCE), silence(1.0)])
    return _wav((sound * 32767).astype("<i2").tobytes())


async def _hand_in(client: httpx.AsyncClient, body: bytes, name: str = "Monday talk.wav") -> str:
    answer = await client.post("/v1/recordings", params={"name": name}, content=body)
    assert answer.status_code == 202, answer.text
    id: str = answer.json()["id"]
    return id


async def _states(client: httpx.AsyncClient, id: str) -> AsyncIterator[dict[str, Any]]:
    async with asyncio.timeout(WAIT), client.stream("GET", f"/v1/recordings/{id}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line[6:])


async def _last(client: httpx.AsyncClient, id: str) -> dict[str, Any]:
    return [state async for state in _states(client, id)][-1]


async def _until(folder: Path, *, empty: bool) -> None:
    async with asyncio.timeout(WAIT):
        while True:
            if bool(_left(folder)) is not empty:
                return
            await asyncio.sleep(0.01)


def _left(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_recording_is_read_into_the_library_and_its_file_is_gone(
    engine: Engine, library: Store, temporary: Path
) -> None:
    async with _client(engine, library) as (client, _):
        last = await _last(client, await _hand_in(client, _spoken()))
        assert (last["state"], last["error"], last["held"], last["utterances"]) == ("done", None, False, 1)
        assert last["at"] == pytest.approx(last["duration"], abs=0.3)
        kept = (await client.get(f"/v1/library/{last['library']}")).json()
    assert kept["entry"]["title"] == "Monday talk.wav"
    assert "where have you been" in kept["record"]["utterances"][0]["text"]
    assert _left(temporary) == []


async def test_without_a_library_what_was_read_is_held_until_it_is_removed(engine: Engine) -> None:
    async with _client(engine) as (client, _):
        id = await _hand_in(client, _spoken())
        last = await _last(client, id)
        assert (last["state"], last["library"], last["held"]) == ("done", None, True)
        kept = (await client.get(f"/v1/recordings/{id}/record")).json()
        assert (kept["entry"]["title"], len(kept["record"]["utterances"])) == ("Monday talk.wav", 1)
        captions = await client.get(f"/v1/recordings/{id}/export", params={"format": "srt"})
        assert "where have you been" in captions.text
        assert captions.headers["content-disposition"] == f'attachment; filename="{id}.srt"'
        assert (await client.delete(f"/v1/recordings/{id}")).status_code == 204
        assert (await client.get(f"/v1/recordings/{id}/record")).status_code == 404
        assert (await client.get("/v1/recordings")).json() == {"recordings": []}


async def test_what_is_no_recording_fails_by_its_own_name(engine: Engine, library: Store, temporary: Path) -> None:
    async with _client(engine, library, recogniser="none") as (client, _):
        last = await _last(client, await _hand_in(client, b"no film at all", "notes.mp4"))
    assert (last["state"], last["error"]["code"]) == ("failed", "bad_media")
    assert last["error"]["message"].startswith("notes.mp4 is not a recording")
    assert str(temporary) not in last["error"]["message"]
    assert _left(temporary) == []


async def test_a_film_without_sound_says_so_and_nothing_is_kept(engine: Engine, library: Store, tmp_path: Path) -> None:
    film = write_film(tmp_path / "silent.mp4", sound=False).read_bytes()
    async with _client(engine, library, recogniser="none") as (client, _):
        last = await _last(client, await _hand_in(client, film, "silent.mp4"))
    assert (last["state"], last["library"], last["held"]) == ("done", None, False)
    assert "no sound" in last["warnings"][0]
    assert library.list() == ()


@pytest.mark.parametrize("told", [True, False], ids=["with its length", "without"])
async def test_a_recording_over_the_limit_is_refused_and_leaves_nothing(
    engine: Engine, temporary: Path, told: bool
) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1000

    async with _client(engine, settings=Settings(max_recording_bytes=2000), recogniser="none") as (client, _):
        content = b"x" * 3000 if told else parts()
        refused = await client.post("/v1/recordings", params={"name": "long.wav"}, content=content)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert "cut it" in refused.json()["message"]
    assert _left(temporary) == []


async def test_a_recording_that_does_not_come_whole_leaves_nothing(engine: Engine, temporary: Path) -> None:
    async with _client(engine, recogniser="none") as (client, server):
        _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(server.url).port)
        head = "POST /v1/recordings?name=a.wav HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n"
        writer.write(head.encode() + b"x" * 1000)
        await _until(temporary, empty=False)
        writer.close()
        await _until(temporary, empty=True)
        assert (await client.get("/v1/recordings")).json() == {"recordings": []}


async def test_recordings_are_read_one_after_the_other_and_each_can_be_cancelled(
    engine: Engine, library: Store, temporary: Path
) -> None:
    async with _client(engine, library, recogniser="none") as (client, _):
        first = await _hand_in(client, _wav(10 * MINUTE), "first.wav")
        second = await _hand_in(client, _wav(MINUTE), "second.wav")
        states = {one["id"]: one for one in (await client.get("/v1/recordings")).json()["recordings"]}
        assert (states[second]["state"], states[second]["ahead"]) == ("waiting", 1)
        told = _states(client, first)
        async for state in told:
            if state["state"] == "listening":
                break
        assert (await client.delete(f"/v1/recordings/{first}")).status_code == 204
        assert [state async for state in told][-1]["state"] == "cancelled"
        assert (await _last(client, second))["state"] == "done"
    assert library.list() == ()
    assert _left(temporary) == []


async def test_no_more_wait_than_the_limit(engine: Engine) -> None:
    async with _client(engine, settings=Settings(max_recordings=1), recogniser="none") as (client, _):
        await _hand_in(client, _wav(10 * MINUTE))
        refused = await client.post("/v1/recordings", params={"name": "b.wav"}, content=b"x")
    assert (refused.status_code, refused.json()["code"]) == (503, "server_full")


async def test_a_live_conversation_is_open_to_all_while_a_recording_is_read(engine: Engine) -> None:
    async with _client(engine, settings=Settings(max_conversations=1), recogniser="none") as (client, server):
        await _hand_in(client, _wav(10 * MINUTE))
        server.hub.conversation("daily")
        assert [one["id"] for one in (await client.get("/v1/status")).json()["conversations"]] == ["daily"]


async def test_a_library_that_fails_loses_nothing(engine: Engine, library: Store, tmp_path: Path) -> None:
    async with _client(engine, library) as (client, _):
        library.close()
        await asyncio.to_thread((tmp_path / "library.db").write_bytes, b"no database " * 9999)
        id = await _hand_in(client, _spoken())
        last = await _last(client, id)
        assert (last["state"], last["library"], last["held"]) == ("done", None, True)
        assert "memory only" in last["warnings"][0]
        assert (await client.get(f"/v1/recordings/{id}/record")).status_code == 200


@pytest.mark.parametrize("name", ["", " ", "\x00"])
async def test_a_recording_needs_a_name(engine: Engine, name: str) -> None:
    async with _client(engine, recogniser="none") as (client, _):
        refused = await client.post("/v1/recordings", params={"name": name}, content=b"x")
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_message")


async def test_pages_from_elsewhere_hand_nothing_in(engine: Engine, temporary: Path) -> None:
    async with _client(engine, recogniser="none") as (client, _):
        headers = {"Origin": "http://evil.example"}
        refused = await client.post("/v1/recordings", params={"name": "a.wav"}, content=_wav(MINUTE), headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden_origin")
        assert (await client.get("/v1/recordings")).json() == {"recordings": []}
    assert _left(temporary) == []


async def test_a_server_that_stops_deletes_what_it_has_not_read(engine: Engine, temporary: Path) -> None:
    async with _client(engine, recogniser="none") as (client, _):
        await _hand_in(client, _wav(10 * MINUTE))
        await _hand_in(client, _wav(MINUTE))
        assert len(_left(temporary)) == 2
    assert _left(temporary) == []
