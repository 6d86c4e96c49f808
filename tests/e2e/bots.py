"""Participants without a page."""

from collections.abc import Iterator
from contextlib import contextmanager

from websockets.sync.client import connect

from streamer.protocol import Hello
from tests.servers import Server


@contextmanager
def bot(server: Server, conversation: str, name: str) -> Iterator[None]:
    """A participant that says nothing, until left; as often as wanted, since it shows the same claim each time."""
    hello = Hello(conversation=conversation, participant=name, consent=True, claim=f"the bot's own claim to {name}")
    with connect(server.stream, compression=None, max_queue=None) as socket:
        socket.send(hello.model_dump_json())
        socket.recv()
        yield
