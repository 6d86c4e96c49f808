"""Runs the server inside an event loop: started when entered, drained when left."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

from streamer.consent import be_patient
from streamer.loopback import allow_loopback
from streamer.server.services import Services

HOST: Final = "127.0.0.1"
_GRACE_SECONDS: Final = 5


class _Uvicorn(uvicorn.Server):
    """Says bye before it hangs up: uvicorn alone closes every WebSocket first."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._services = services

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._services.drain()
        await super().shutdown(sockets)


class RunningServer:
    """A server that answers at `url`."""

    def __init__(self, url: str, task: asyncio.Task[None]) -> None:
        self.url = url
        self._task = task

    async def stopped(self) -> None:
        """Waits for Ctrl-C or SIGTERM. Raises what the server failed with."""
        loop = asyncio.get_running_loop()
        asked = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked.set)
        waiting = asyncio.create_task(asked.wait())
        try:
            await asyncio.wait([waiting, self._task], return_when=asyncio.FIRST_COMPLETED)
            if self._task.done():
                self._task.result()
        finally:
            waiting.cancel()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


@asynccontextmanager
async def running(app: FastAPI, port: int = 0) -> AsyncIterator[RunningServer]:
    """Serves on localhost; 0 takes any free port. Leaving it finishes utterances, says bye and closes the app's hub.

    Raises OSError where the port is taken.
    """
    allow_loopback()
    be_patient()
    services: Services = app.state.services
    listener = _listen(port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=4 * services.hub.settings.max_message_bytes,
        ws_per_message_deflate=False,
        limit_concurrency=4 * services.hub.settings.max_sessions,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Uvicorn(config, services)
    task = asyncio.create_task(server._serve([listener]))  # noqa: SLF001 (serve() would take over the signals)
    task.add_done_callback(lambda _: server.ready.set())
    try:
        await server.ready.wait()
        if task.done():
            task.result()
        yield RunningServer(f"http://localhost:{listener.getsockname()[1]}", task)
    finally:
        server.should_exit = True
        await task


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        why = error.strerror or str(error)
        raise OSError(f"Port {port} can't be used ({why}). Choose another one with --port.") from error
    return listener
