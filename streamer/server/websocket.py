"""WebSocket `/v1/stream`. Two states: expecting hello, then open."""

import asyncio
import contextlib
import logging
from concurrent.futures import Executor
from time import time as wall_time
from typing import Final

import numpy as np
from fastapi import WebSocket, WebSocketDisconnect
from starlette.types import Message

from streamer.audio import Samples
from streamer.errors import Refused
from streamer.frame import FrameKind, unpack_frame
from streamer.hub import Hub
from streamer.log import SlowReader
from streamer.protocol import Error, ErrorCode, Event, Hello, ServerBye
from streamer.server.pictures import Pictures, check_jpeg, decode_jpeg
from streamer.server.session import Session, internal_error, parse
from streamer.server.sessions import Sessions

SEND_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)
_TRY_AGAIN_LATER: Final = 1013
_CLOSE_CODES: Final = {
    ErrorCode.TOO_LARGE: 1009,
    ErrorCode.INTERNAL: 1011,
    ErrorCode.SERVER_FULL: _TRY_AGAIN_LATER,
    ErrorCode.CONVERSATION_FULL: _TRY_AGAIN_LATER,
    ErrorCode.SHUTTING_DOWN: 1001,
}
_POLICY_VIOLATION: Final = 1008


class Stream:
    """One WebSocket connection, from accept to close."""

    def __init__(self, websocket: WebSocket, hub: Hub, sessions: Sessions, threads: Executor) -> None:
        self._websocket = websocket
        self._hub = hub
        self._sessions = sessions
        self._threads = threads

    async def run(self) -> None:
        """Serves the connection until it is closed."""
        await self._websocket.accept()
        try:
            session = await self._sessions.open(await self._expect_hello())
        except Refused as refused:
            await self._turn_away(refused)
            return
        except WebSocketDisconnect:
            return
        try:
            with self._hub.metrics.session("websocket"):
                await self._exchange(session)
        finally:
            await self._sessions.close(session)

    # --- state: expecting hello ------------------------------------------------------------------------------------

    async def _expect_hello(self) -> Hello:
        """The first message. Raises Refused, WebSocketDisconnect."""
        seconds = self._hub.settings.idle_seconds
        try:
            async with asyncio.timeout(seconds):
                message = await self._websocket.receive()
        except TimeoutError as error:
            raise Refused(ErrorCode.IDLE, f"no hello came within {seconds:g} s; send it first") from error
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        text = message.get("text")
        if text is None:
            raise Refused(ErrorCode.EXPECTED_HELLO, "a binary frame came before hello; send hello as JSON text first")
        if len(text) > self._hub.settings.max_message_bytes:
            raise Refused(ErrorCode.TOO_LARGE, "hello is over the limit of a message; send less")
        hello = parse(text)
        if not isinstance(hello, Hello):
            raise Refused(ErrorCode.EXPECTED_HELLO, f"'{hello.type}' came before hello; send hello first")
        return hello

    async def _turn_away(self, refused: Refused) -> None:
        self._hub.metrics.error(refused.code)
        bodies = Error(code=refused.code, message=refused.message, fatal=True), ServerBye(reason="error")
        with contextlib.suppress(WebSocketDisconnect, TimeoutError):
            for body in bodies:
                await self._send(Event(seq=0, conversation="", time=wall_time(), body=body))
            await self._websocket.close(_CLOSE_CODES.get(refused.code, _POLICY_VIOLATION))

    # --- state: open -------------------------------------------------------------------------------------------------

    async def _exchange(self, session: Session) -> None:
        pictures = Pictures(
            decode_jpeg,
            lambda time, image: session.participant.video(time, image) if session.participant else None,
            threads=self._threads,
            refuse=session.refuse,
            dropped=lambda: self._hub.metrics.dropped("video"),
        )
        tasks = [
            asyncio.create_task(work) for work in (self._read(session, pictures), self._write(session), pictures.run())
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _read(self, session: Session, pictures: Pictures[bytes]) -> None:
        while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
            try:
                self._take(session, pictures, message)
            except Refused as refused:
                session.refuse(refused)
            except Exception:
                _log.exception("a message failed")
                session.fail(internal_error())
            # A control message takes its place before the next frame is read.
            await asyncio.sleep(0)

    def _take(self, session: Session, pictures: Pictures[bytes], message: Message) -> None:
        text, data = message.get("text"), message.get("bytes")
        if text is not None:
            session.pace(len(text))
            session.control(text)
        elif data is not None:
            session.pace(len(data))
            self._take_frame(session, pictures, data)

    def _take_frame(self, session: Session, pictures: Pictures[bytes], data: bytes) -> None:
        participant = session.sending()
        try:
            kind, time, payload = unpack_frame(data)
        except ValueError as error:
            raise Refused(ErrorCode.BAD_FRAME, str(error)) from error
        if time > self._hub.settings.max_session_seconds:
            message = (
                f"media time {time:g} s is later than a session can be; count microseconds from the session's start"
            )
            raise Refused(ErrorCode.BAD_FRAME, message)
        if kind is FrameKind.AUDIO:
            participant.audio(time, pcm16(payload))
        else:
            check_jpeg(payload, self._hub.settings.max_picture_pixels)
            if participant.wants_picture(time):
                pictures.offer(time, payload)

    async def _write(self, session: Session) -> None:
        code = _TRY_AGAIN_LATER
        with contextlib.suppress(WebSocketDisconnect):
            try:
                async for event in session.events():
                    await self._send(event)
                code = _close_code(session)
            except (SlowReader, TimeoutError):
                with contextlib.suppress(TimeoutError):
                    await self._send(session.lag())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SEND_SECONDS):
                    await self._websocket.close(code)

    async def _send(self, event: Event) -> None:
        """Raises TimeoutError where the client does not read, WebSocketDisconnect where it is gone."""
        async with asyncio.timeout(SEND_SECONDS):
            await self._websocket.send_text(event.to_json())


def pcm16(payload: bytes) -> Samples:
    """Little-endian 16-bit samples as float32 in -1..1. Raises Refused(BAD_MEDIA)."""
    if len(payload) % 2:
        message = f"16-bit PCM comes in whole samples of two bytes; this payload has {len(payload)}"
        raise Refused(ErrorCode.BAD_MEDIA, message)
    return np.frombuffer(payload, "<i2").astype(np.float32) / 32768


def _close_code(session: Session) -> int:
    if session.error is not None:
        return _CLOSE_CODES.get(session.error, _POLICY_VIOLATION)
    return 1001 if session.reason == "shutdown" else 1000
