"""Starting and stopping the server inside an event loop."""

import asyncio
import os
import signal

import psutil
import pytest
from websockets.asyncio.client import connect

from engine import Engine
from streamer.hub import Hub
from streamer.protocol import ServerBye
from streamer.recognise import load_recogniser
from streamer.server import create_app, running
from tests.servers import WAIT, receive


def hub(engine: Engine) -> Hub:
    return Hub(engine, load_recogniser("none"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_waiting_and_everyone_is_told(engine: Engine, number: signal.Signals) -> None:
    async with asyncio.timeout(WAIT):
        async with running(create_app(hub(engine))) as server:
            socket = await connect(server.url.replace("http", "ws") + "/v1/stream")
            await socket.send('{"type": "hello", "conversation": "a"}')
            await receive(socket)
            waiting = asyncio.create_task(server.stopped())
            await asyncio.sleep(0)
            os.kill(os.getpid(), number)
            await waiting
        assert (await receive(socket)).body == ServerBye(reason="shutdown")
        await socket.close()


async def test_a_port_in_use_is_an_error_that_says_what_to_do_and_leaves_the_first_server_alone(engine: Engine) -> None:
    async with running(create_app(hub(engine))) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError, match=rf"^Port {port} can't be used \(.* in use\)\. .*--port\.$"):
            async with running(create_app(hub(engine)), port):
                pass
        async with connect(first.url.replace("http", "ws") + "/v1/stream"):
            pass


async def test_it_answers_on_localhost_alone(engine: Engine) -> None:
    async with running(create_app(hub(engine))) as server:
        port = int(server.url.rpartition(":")[2])
        listening = [connection.laddr.ip for connection in psutil.net_connections() if connection.laddr.port == port]
    assert set(listening) == {"127.0.0.1"}
