"""One WebRTC connection of one session: its tracks in, its data channel in and out."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Coroutine
from concurrent.futures import Executor
from typing import Any, Final, cast

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidStateError
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

from streamer.audio import Resampler, Samples
from streamer.conversation import Conversation
from streamer.errors import Refused
from streamer.log import SlowReader
from streamer.metrics import Metrics
from streamer.protocol import ErrorCode, Event
from streamer.server.jitter import hand_over_at_once
from streamer.server.pictures import MAX_WIDTH, Picture, Pictures
from streamer.server.session import Session, internal_error

EVENTS_CHANNEL: Final = "events"
_ANSWER_SECONDS: Final = 10.0
_SEND_SECONDS: Final = 5.0
_HANG_UP_SECONDS: Final = 10.0
_MAX_BUFFERED: Final = 256 * 1024
_MAX_SECTIONS: Final = 8
_log = logging.getLogger(__name__)


class Peer:
    """Every track is read, always: aiortc's queues have no bound. Only the first of each kind is analysed.

    Media times are those of the RTP time stamps, counted from when the track's first frame came.
    """

    def __init__(self, session: Session, conversation: Conversation, metrics: Metrics, threads: Executor) -> None:
        self.id = secrets.token_urlsafe(12)
        self._session = session
        self._conversation = conversation
        self._joined_at = conversation.now()
        self._channel: RTCDataChannel | None = None
        self._drained = asyncio.Event()
        self._hung_up = asyncio.Event()
        self._kinds: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._telling: asyncio.Task[None] | None = None
        self._pictures: Pictures[VideoFrame] = Pictures(
            to_picture,
            self._see,
            threads=threads,
            refuse=session.refuse,
            dropped=lambda: metrics.dropped("video"),
        )
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.on("track", self._take_track)
        self._connection.on("datachannel", self._take_channel)
        self._connection.on("connectionstatechange", self._follow)

    async def answer(self, offer: str) -> str:
        """The SDP answer. Raises Refused(BAD_OFFER)."""
        if not 0 < offer.count("\nm=") <= _MAX_SECTIONS:
            raise Refused(ErrorCode.BAD_OFFER, f"an offer has 1 to {_MAX_SECTIONS} media sections; this one has not")
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
                hand_over_at_once(self._connection)
                await self._connection.setLocalDescription(await self._connection.createAnswer())
        except Exception as error:
            # aiortc raises whatever its parser trips over: ValueError, KeyError, IndexError, its own errors.
            _log.info("an offer was refused", exc_info=error)
            reason = str(error) or type(error).__name__
            raise Refused(
                ErrorCode.BAD_OFFER, f"the SDP offer can't be answered ({reason}); send a complete one"
            ) from error
        if not self._kinds:
            raise Refused(ErrorCode.BAD_OFFER, "the offer sends neither audio nor video; add a track to it")
        return self._connection.localDescription.sdp

    async def run(self) -> None:
        """Serves the connection until the session ends, then closes it. Does not close the session."""
        self._start(self._pictures.run())
        try:
            await self._session.ended.wait()
            await self._hang_up()
        finally:
            await self.close()

    async def close(self) -> None:
        """Ends everything at once."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._connection.close()

    def _follow(self) -> None:
        if self._connection.connectionState in {"failed", "closed"}:
            self._hung_up.set()
            self._session.end("client")

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a peer connection failed", exc_info=error)
            self._session.fail(internal_error())

    # --- media ---------------------------------------------------------------------------------------------------

    def _take_track(self, track: MediaStreamTrack) -> None:
        first = track.kind not in self._kinds
        self._kinds.add(track.kind)
        if not first:
            self._start(self._ignore(track))
        elif track.kind == "audio":
            self._start(self._listen(track))
        else:
            self._start(self._watch(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        resampler = Resampler("mixed")
        began: float | None = None
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = cast(AudioFrame, await track.recv())
                began = self._elapsed() if began is None else began
                self._session.touch()
                self._hear(began + (frame.time or 0.0), resampler.push(frame)[0])

    def _hear(self, time: float, pcm: Samples) -> None:
        # The tracks flow on after bye, when there is no participant any more.
        if self._session.participant is not None:
            try:
                self._session.participant.audio(time, pcm)
            except Refused as refused:
                self._session.refuse(refused)

    async def _watch(self, track: MediaStreamTrack) -> None:
        began: float | None = None
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = cast(VideoFrame, await track.recv())
                began = self._elapsed() if began is None else began
                self._session.touch()
                time = began + (frame.time or 0.0)
                if self._session.participant is not None and self._session.participant.wants_picture(time):
                    self._pictures.offer(time, frame)

    def _see(self, time: float, image: Picture) -> None:
        if self._session.participant is not None:
            self._session.participant.video(time, image)

    async def _ignore(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                await track.recv()

    def _elapsed(self) -> float:
        return self._conversation.now() - self._joined_at

    # --- the data channel ------------------------------------------------------------------------------------------

    def _take_channel(self, channel: RTCDataChannel) -> None:
        if channel.label != EVENTS_CHANNEL or self._channel is not None:
            channel.close()
            return
        self._channel = channel
        channel.bufferedAmountLowThreshold = _MAX_BUFFERED // 2
        channel.on("bufferedamountlow", self._drained.set)
        channel.on("message", self._take_message)
        channel.on("close", self._hung_up.set)
        self._telling = self._start(self._tell(channel))

    def _take_message(self, message: str | bytes) -> None:
        try:
            self._session.pace(len(message))
            self._session.control(message if isinstance(message, str) else message.decode(errors="replace"))
        except Refused as refused:
            self._session.refuse(refused)

    async def _tell(self, channel: RTCDataChannel) -> None:
        with contextlib.suppress(InvalidStateError):
            try:
                async for event in self._session.events():
                    await self._send(channel, event)
            except (SlowReader, TimeoutError):
                channel.send(self._session.lag().to_json())
                self._session.end("error")

    async def _hang_up(self) -> None:
        """Lets the client have all events, and closes the channel behind them: the connection's own end drops what the
        client has not acknowledged."""
        if self._channel is None or self._telling is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HANG_UP_SECONDS):
                await asyncio.wait([self._telling])
                self._channel.close()
                await self._hung_up.wait()

    async def _send(self, channel: RTCDataChannel, event: Event) -> None:
        """Raises TimeoutError where the client does not read, InvalidStateError where the channel is closed."""
        if channel.bufferedAmount > _MAX_BUFFERED:
            self._drained.clear()
            async with asyncio.timeout(_SEND_SECONDS):
                await self._drained.wait()
        channel.send(event.to_json())


def to_picture(frame: VideoFrame) -> Picture:
    """RGB uint8 [H, W, 3], at most 1280 wide."""
    width = min(frame.width, MAX_WIDTH)
    height = max(1, frame.height * width // frame.width)
    # By default it takes two threads, and on a busy machine waits for both.
    image = frame.reformat(width=width, height=height, format="rgb24", threads=1)
    return np.asarray(image.to_ndarray(), np.uint8)
