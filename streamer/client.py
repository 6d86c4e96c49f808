"""A small client: what tests, the bench and anyone's bot use to talk to a server.

async with connect("http://localhost:8000", Hello(conversation="demo", participant="ann", consent=True)) as session:
    await session.send_audio(0.0, pcm)
    async for event in session: ...
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final, Self
from urllib.error import HTTPError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

import numpy as np
import numpy.typing as npt
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcdatachannel import RTCDataChannel
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed

from engine.utterance import SAMPLE_RATE
from streamer.consent import be_patient
from streamer.errors import Refused
from streamer.frame import FrameKind, pack_frame
from streamer.loopback import LOCAL_NAMES, allow_loopback, within_reach
from streamer.protocol import (
    Bye,
    Error,
    ErrorCode,
    Event,
    Flush,
    Hello,
    Message,
    Mute,
    Pause,
    Ping,
    ServerBye,
    ServerHello,
    Signal,
)

_OPEN_SECONDS: Final = 15.0
_FRAME_SAMPLES: Final = SAMPLE_RATE
_FIRST_DELAY, _LONGEST_DELAY, _ATTEMPTS = 0.1, 5.0, 10
_EVENTS_KEPT: Final = 4096
_PASSING: Final = frozenset(
    {ErrorCode.PARTICIPANT_TAKEN, ErrorCode.SERVER_FULL, ErrorCode.CONVERSATION_FULL, ErrorCode.SHUTTING_DOWN}
)


class Disconnected(Exception):
    """The connection broke, and was not to be or could not be taken up again."""


class Session:
    """A session over a WebSocket. Iterate over it for its events, hello first; the iteration ends after bye.

    With `reconnect` a broken connection is taken up again while iterating, and what was missed comes first. Media sent
    meanwhile is lost; its time goes on, and is counted from the new joining unless hello has an `origin`.
    """

    def __init__(self, url: str, hello: Hello, *, reconnect: bool = False) -> None:
        self._url = _address(url, {"http": "ws", "https": "wss"}, "/v1/stream")
        self._wanted = hello
        self._reconnect = reconnect
        self._socket: ClientConnection | None = None
        self._unread: list[Event] = []
        self._seen: int | None = hello.resume_after
        self._base: float | None = 0.0

    async def __aenter__(self) -> Self:
        self._unread = [await self._open()]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            await self._socket.close()

    @property
    def hello(self) -> ServerHello:
        """What the server said first, when this session last connected."""
        return self._hello

    async def send_audio(self, time: float, pcm: npt.NDArray[np.float32]) -> None:
        """Mono float32 at 16 kHz, of any length; `time` is the media time of its first sample, from 0 at joining."""
        samples = np.clip(np.rint(pcm * 32768), -32768, 32767).astype("<i2")
        for first in range(0, len(samples), _FRAME_SAMPLES):
            part = samples[first : first + _FRAME_SAMPLES]
            await self.send_encoded(FrameKind.AUDIO, time + first / SAMPLE_RATE, part.tobytes())

    async def send_video(self, time: float, jpeg: bytes) -> None:
        """One JPEG picture."""
        await self.send_encoded(FrameKind.VIDEO, time, jpeg)

    async def send_encoded(self, kind: FrameKind, time: float, payload: bytes) -> None:
        """Media that is encoded already: PCM16 or a JPEG picture, not over the server's limits."""
        if self._base is None:
            self._base = time
        try:
            await self._connection.send(pack_frame(kind, max(0.0, time - self._base), payload))
        except ConnectionClosed:
            if not self._reconnect:
                raise Disconnected("the connection is closed; no media can be sent") from None

    async def mute(self, muted: bool) -> None:
        """Stops or restarts the analysis of the voice."""
        await self._send(Mute(muted=muted))

    async def pause(self, paused: bool) -> None:
        """Stops or restarts all analysis."""
        await self._send(Pause(paused=paused))

    async def flush(self) -> None:
        """Ends the utterance under way."""
        await self._send(Flush())

    async def ping(self, nonce: int) -> None:
        """Asks for a pong."""
        await self._send(Ping(nonce=nonce))

    async def bye(self) -> None:
        """Sends no more media; the events go on until all is answered, and end with the server's bye."""
        self._reconnect = False
        await self._send(Bye())

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            async for event in self._received():
                self._seen = event.seq
                over = isinstance(event.body, ServerBye) and not (self._reconnect and event.body.reason == "shutdown")
                yield event
                if over:
                    return
            if not self._reconnect:
                raise Disconnected("the connection broke; connect again with resume_after to get what was missed")
            self._unread = [await self._open_again()]

    async def _received(self) -> AsyncIterator[Event]:
        while self._unread:
            yield self._unread.pop()
        with contextlib.suppress(ConnectionClosed):
            async for text in self._connection:
                yield Event.from_json(text)

    async def _open(self) -> Event:
        async with asyncio.timeout(_OPEN_SECONDS):
            self._socket = await connect_websocket(self._url, compression=None, max_queue=_EVENTS_KEPT)
            await self._send(self._wanted.model_copy(update={"resume_after": self._seen}))
            event = Event.from_json(await self._socket.recv())
        if isinstance(event.body, Error):
            await self._socket.close()
            raise Refused(event.body.code, event.body.message)
        if not isinstance(event.body, ServerHello):
            raise Disconnected(f"the server began with {event.body.type} instead of hello")
        self._hello = event.body
        return event

    async def _open_again(self) -> Event:
        delay = _FIRST_DELAY
        for _ in range(_ATTEMPTS):
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LONGEST_DELAY)
            try:
                event = await self._open()
            except Refused as refused:
                if refused.code not in _PASSING:
                    raise
            except (OSError, TimeoutError, ConnectionClosed):
                pass
            else:
                self._base = None if self._wanted.origin is None else 0.0
                return event
        raise Disconnected(f"the server could not be reached again in {_ATTEMPTS} attempts")

    @property
    def _connection(self) -> ClientConnection:
        if self._socket is None:
            raise Disconnected("use the session inside `async with connect(...)`")
        return self._socket

    async def _send(self, message: Message) -> None:
        try:
            await self._connection.send(message.model_dump_json())
        except ConnectionClosed:
            raise Disconnected(f"the connection is closed; {type(message).__name__.lower()} was not sent") from None


def connect(url: str, hello: Hello, *, reconnect: bool = False) -> Session:
    """A session over a WebSocket with the server at `url`: `async with connect(...) as session`.

    Entering raises Refused with the server's error, OSError where nobody answers.
    """
    return Session(url, hello, reconnect=reconnect)


async def finish(session: Session) -> list[Event]:
    """Says bye and gives the events that were still to come, the server's bye last."""
    await session.bye()
    return [event async for event in session]


class Call:
    """A session over WebRTC. Iterate over it for its events: hello first; the end is bye, or the connection's."""

    def __init__(self, id: str, connection: RTCPeerConnection, channel: RTCDataChannel) -> None:
        self.id = id
        self.connection = connection
        self._channel = channel
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(_EVENTS_KEPT)
        channel.on("message", lambda text: self._keep(Event.from_json(text)))
        channel.on("close", lambda: self._keep(None))

    def send(self, message: Mute | Pause | Flush | Ping | Signal | Bye) -> None:
        """A control message. Raises Disconnected where the connection is lost."""
        # The channel outlives its transport by a moment; what it is given then fails in a task that nobody looks at.
        if self._channel.readyState != "open" or self._channel.transport.transport.state != "connected":
            raise Disconnected(f"the connection is closed; {type(message).__name__.lower()} was not sent")
        self._channel.send(message.model_dump_json())

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self._events.get()) is not None:
            yield event
            if isinstance(event.body, ServerBye):
                return

    def _keep(self, event: Event | None) -> None:
        if self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(event)


@asynccontextmanager
async def call(url: str, hello: Hello, tracks: Iterable[MediaStreamTrack]) -> AsyncIterator[Call]:
    """A session over WebRTC that sends these tracks. Raises Refused with the server's error.

    For a server on this machine it lets this process's peer connections use the loopback interface.
    """
    if urlsplit(url).hostname in LOCAL_NAMES:
        allow_loopback()
    be_patient()
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        channel = connection.createDataChannel("events")
        for track in tracks:
            connection.addTrack(track)
        await connection.setLocalDescription(await connection.createOffer())
        offer = hello.model_dump(mode="json", exclude={"type", "version"})
        offer |= {"type": "offer", "sdp": connection.localDescription.sdp}
        address = _address(url, {"http": "http", "https": "https"}, "/v1/offer")
        answer = await asyncio.to_thread(_post, address, offer)
        opened = Call(answer["session"], connection, channel)
        await connection.setRemoteDescription(RTCSessionDescription(within_reach(answer["sdp"]), "answer"))
        yield opened
    finally:
        await connection.close()


def _post(url: str, body: dict[str, object]) -> dict[str, str]:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310 (checked by _address)
    try:
        with urlopen(request, timeout=_OPEN_SECONDS) as response:  # noqa: S310
            answer: dict[str, str] = json.load(response)
            return answer
    except HTTPError as error:
        with error:
            refusal = json.load(error)
        raise Refused(ErrorCode(refusal["code"]), refusal["message"]) from None


def _address(url: str, schemes: dict[str, str], path: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in schemes:
        raise ValueError(f"a server's address begins with {' or '.join(schemes)}, not '{parts.scheme}'")
    return urlunsplit((schemes[parts.scheme], parts.netloc, path, "", ""))
