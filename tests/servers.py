"""A real server on a free port, for tests: uvicorn, real sockets, the engine on random weights."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from engine import Engine
from streamer.hub import Hub
from streamer.protocol import Event, Hello
from streamer.recognise import load_recogniser
from streamer.server import create_app, running
from streamer.settings import Settings
from streamer.store.library import Library
from streamer.store.store import Store

WAIT = 20.0
"""Seconds after which a test gives up waiting for anything."""
_Body = TypeVar("_Body")


@dataclass(frozen=True)
class Server:
    """A running server, the hub behind it, and the event loop that both are on."""

    url: str
    hub: Hub
    loop: asyncio.AbstractEventLoop

    @property
    def stream(self) -> str:
        """The WebSocket's address."""
        return self.url.replace("http", "ws", 1) + "/v1/stream"


@asynccontextmanager
async def serving(
    engine: Engine,
    settings: Settings | None = None,
    recogniser: str = "none",
    page: Path = Path("not-built"),
    library: Library | None = None,
) -> AsyncIterator[Server]:
    """Serves until left; leaving drains it."""
    words = load_recogniser(recogniser)
    hub = Hub(engine, words, settings, library=library)
    try:
        async with running(create_app(hub, page=page)) as server:
            yield Server(server.url, hub, asyncio.get_running_loop())
    finally:
        words.close()


@contextmanager
def serving_beside(
    engine: Engine, settings: Settings | None = None, *, recogniser: str, page: Path, store: Path | None = None
) -> Iterator[Server]:
    """Serves on a thread of its own until left: Playwright's synchronous calls need this one."""
    started: list[Server] = []
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        library = Library(Store.open(str(store)), 100) if store else None
        async with serving(engine, settings, recogniser, page, library) as server:
            started.append(server)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    assert ready.wait(WAIT), "the server did not start"
    try:
        yield started[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@asynccontextmanager
async def stream(server: Server, hello: Hello | None = None) -> AsyncIterator[ClientConnection]:
    """A bare WebSocket; with a hello, one that has been answered."""
    async with connect(server.stream, compression=None, max_size=None) as socket:
        if hello is not None:
            await socket.send(hello.model_dump_json())
            assert (await receive(socket)).body.type == "hello"
        yield socket


async def receive(socket: ClientConnection) -> Event:
    """The next event."""
    async with asyncio.timeout(WAIT):
        return Event.from_json(await socket.recv())


async def until(socket: ClientConnection, kind: type[_Body]) -> _Body:
    """The next event's body of this kind; others before it are passed over."""
    while True:
        event = await receive(socket)
        if isinstance(event.body, kind):
            return event.body


async def remaining(socket: ClientConnection) -> list[Event]:
    """All events until the server closes."""
    events = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            events.append(await receive(socket))
    return events
