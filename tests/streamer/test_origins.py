"""A page of another site can do nothing to a server on localhost, however it asks."""

from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from engine import Engine
from tests.servers import Server, receive, serving

FOREIGN = ["https://example.org", "null", "http://localhost.example.org", "http://localhost:1", "http://127.0.0.1"]


@pytest.fixture
async def server(engine: Engine) -> AsyncIterator[Server]:
    async with serving(engine) as server:
        yield server


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_websocket_from_another_page_is_refused(server: Server, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(server.stream, additional_headers={"Origin": origin}):
            pass
    assert refused.value.response.status_code == 403
    assert b"forbidden_origin" in refused.value.response.body


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/offer"), ("DELETE", "/v1/sessions/x"), ("POST", "/whip/a"), ("DELETE", "/whip/a/x")],
)
async def test_a_request_from_another_page_is_refused(server: Server, origin: str, method: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        response = await client.request(method, path, headers={"Origin": origin})
    assert (response.status_code, response.json()["code"]) == (403, "forbidden_origin")


async def test_the_own_page_and_programs_are_let_in(server: Server) -> None:
    for headers in ({"Origin": server.url}, {}):
        async with connect(server.stream, additional_headers=headers) as socket:
            await socket.send('{"type": "hello", "conversation": "a"}')
            assert (await receive(socket)).body.type == "hello"
        async with httpx.AsyncClient(base_url=server.url) as client:
            assert (await client.delete("/v1/sessions/x", headers=headers)).status_code == 404


@pytest.mark.parametrize("host", ["example.org", "localhost.example.org", "127.0.0.1.nip.io:80", "10.0.0.1", "[", ""])
async def test_a_name_made_to_point_here_is_refused(server: Server, host: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        response = await client.get("/v1/status", headers={"Host": host})
    assert response.status_code in {400, 403}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:1"])
async def test_the_names_of_this_machine_are_answered(server: Server, host: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/healthz", headers={"Host": host})).status_code == 200
