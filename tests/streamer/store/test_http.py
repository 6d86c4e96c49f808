"""The library over HTTP, on a real server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from engine import Engine
from streamer.record import ConversationRecord
from streamer.store.library import Library
from streamer.store.store import Store
from tests.conversations import conversation, emotion, transcript, utterance
from tests.servers import WAIT, Server, serving

ANN = utterance("ann", 0.5, 1.5, "Where have you been all day?", "anger")
BEN = utterance("ben", 2.0, 3.0, "I can't say", "sadness")
FOREIGN = {"Origin": "http://evil.example"}


@pytest.fixture
async def server(engine: Engine, library: Store) -> AsyncIterator[Server]:
    async with serving(engine, library=Library(library, 100)) as server:
        yield server


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=WAIT) as client:
        yield client


@pytest.fixture
def id(library: Store) -> str:
    """A conversation that is kept already."""
    return library.begin(conversation(ANN, BEN), "Monday")


async def test_what_is_said_on_the_server_is_listed_and_shown(server: Server, client: httpx.AsyncClient) -> None:
    daily = server.hub.conversation("daily")
    daily.publish(transcript(ANN))
    daily.publish(emotion(ANN))
    async with asyncio.timeout(WAIT):
        while True:
            entries = (await client.get("/v1/library")).json()["conversations"]
            if entries:
                break
            await asyncio.sleep(0.01)
    assert (entries[0]["name"], entries[0]["speakers"], entries[0]["utterances"]) == ("daily", ["ann"], 1)
    shown = (await client.get(f"/v1/library/{entries[0]['id']}")).json()
    assert shown["entry"] == entries[0]
    assert ConversationRecord.model_validate(shown["record"]).utterances == (ANN,)


async def test_search_and_paging(client: httpx.AsyncClient, id: str, library: Store) -> None:
    newer = library.begin(conversation(BEN).model_copy(update={"began": 1_770_000_000.0}))
    found = (await client.get("/v1/library", params={"search": "been where"})).json()["conversations"]
    assert [(one["id"], [hit["text"] for hit in one["found"]]) for one in found] == [(id, [ANN.text])]
    first = (await client.get("/v1/library", params={"limit": 1})).json()["conversations"]
    second = (await client.get("/v1/library", params={"before": first[0]["began"]})).json()["conversations"]
    assert [one["id"] for one in (*first, *second)] == [newer, id]


async def test_a_conversation_is_renamed_and_deleted(client: httpx.AsyncClient, id: str) -> None:
    renamed = await client.patch(f"/v1/library/{id}", json={"title": "Tuesday"})
    assert (renamed.status_code, renamed.json()["title"]) == (200, "Tuesday")
    assert (await client.delete(f"/v1/library/{id}")).status_code == 204
    for gone in (await client.get(f"/v1/library/{id}"), await client.delete(f"/v1/library/{id}")):
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


async def test_an_export_is_a_file_to_save(client: httpx.AsyncClient, id: str) -> None:
    response = await client.get(f"/v1/library/{id}/export", params={"format": "srt"})
    assert response.headers["content-disposition"] == f'attachment; filename="{id}.srt"'
    assert "Where have you been all day?" in response.text
    refused = await client.get(f"/v1/library/{id}/export", params={"format": "doc"})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_message")
    assert "srt" in refused.json()["message"]


@pytest.mark.parametrize(
    ("body", "sentence"), [(b'{"title": " "}', "1 to 200"), (b'{"name": "x"}', "title"), (b"{", "title")]
)
async def test_what_is_no_title_is_refused(client: httpx.AsyncClient, id: str, body: bytes, sentence: str) -> None:
    refused = await client.patch(f"/v1/library/{id}", content=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_message")
    assert sentence in refused.json()["message"]
    assert (await client.get(f"/v1/library/{id}")).json()["entry"]["title"] == "Monday"


async def test_pages_from_elsewhere_change_nothing_and_nothing_is_left_in_caches(
    client: httpx.AsyncClient, id: str
) -> None:
    for refused in (
        await client.patch(f"/v1/library/{id}", json={"title": "x"}, headers=FOREIGN),
        await client.delete(f"/v1/library/{id}", headers=FOREIGN),
        await client.get(f"/v1/library/{id}", headers={"Host": "evil.example"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden_origin")
    for path in ("", f"/{id}", f"/{id}/export?format=html"):
        response = await client.get(f"/v1/library{path}")
        assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
        assert "access-control-allow-origin" not in response.headers


async def test_a_library_that_fails_is_a_named_error_and_the_server_goes_on(
    client: httpx.AsyncClient, id: str, file: Path, library: Store
) -> None:
    library.close()
    await asyncio.to_thread(file.write_bytes, b"no database " * 9999)
    failed = await client.get("/v1/library")
    assert (failed.status_code, failed.json()["code"]) == (500, "internal")
    assert "--store" in failed.json()["message"]
    assert (await client.get("/healthz")).status_code == 200


async def test_without_a_library_it_says_so(engine: Engine) -> None:
    async with serving(engine) as server, httpx.AsyncClient(base_url=server.url, timeout=WAIT) as client:
        answer = await client.get("/v1/library")
        status = (await client.get("/v1/status")).json()
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "--no-store" in answer.json()["message"]
    assert status["kept"] is False
