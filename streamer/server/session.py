"""One client in one conversation, whatever it is connected by: what it may send, what it is told, when it ends."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Coroutine
from time import monotonic, time
from typing import Any, Final, Literal

from pydantic import ValidationError

from streamer.conversation import Conversation
from streamer.errors import Refused
from streamer.hub import Hub
from streamer.log import Subscription
from streamer.participant import Participant
from streamer.protocol import (
    CLIENT_MESSAGE,
    Bye,
    ClientMessage,
    Error,
    ErrorCode,
    Event,
    Flush,
    Hello,
    Lag,
    Mute,
    Pause,
    Peers,
    Ping,
    Pong,
    ServerBye,
    ServerHello,
    Signal,
    SignalEvent,
)
from streamer.server.rate import RateLimit
from streamer.server.switchboard import Switchboard

Reason = Literal["client", "shutdown", "ended", "error"]
_log = logging.getLogger(__name__)
_MAX_CONTROLS: Final = 8


class Session:
    """Made by `Sessions.open` (sessions.py). For the event loop's thread alone.

    left: its participant has gone on purpose, or to another session: nobody comes back to this one.
    """

    def __init__(
        self, hub: Hub, hello: Hello, conversation: Conversation, greeting: Event, switchboard: Switchboard
    ) -> None:
        self.hello = hello
        self.peer = greeting.body.peer if isinstance(greeting.body, ServerHello) else None
        self.sends = hello.participant is not None and hello.consent
        self.participant: Participant | None = None
        self.left = False
        self.ended = asyncio.Event()
        self.reason: Reason = "ended"
        self.error: ErrorCode | None = None
        self._hub = hub
        self._settings = hub.settings
        self._conversation = conversation
        self._greeting = greeting
        self._switchboard = switchboard
        self._subscription: Subscription | None = None
        self._messages = RateLimit(self._settings.max_messages_per_second)
        self._bytes = RateLimit(self._settings.max_bytes_per_second)
        self._refusals = 0
        self._leaving: asyncio.Task[None] | None = None
        self._heard_at = self._began_at = monotonic()
        self._told_until = greeting.time
        self._controls: set[asyncio.Task[None]] = set()
        self._expiry = asyncio.create_task(self._expire())

    # --- in ------------------------------------------------------------------------------------------------------

    def pace(self, size: int) -> None:
        """Something of this size came in. Raises Refused: TOO_FAST, TOO_LARGE."""
        self.touch()
        limit = self._settings.max_message_bytes
        if not self._messages.take(1, self._heard_at):
            most = self._settings.max_messages_per_second
            raise Refused(ErrorCode.TOO_FAST, f"more than {most} messages a second; send fewer, larger ones")
        if size > limit:
            raise Refused(
                ErrorCode.TOO_LARGE, f"a message of {size} bytes is over the limit of {limit}; send less at once"
            )
        if not self._bytes.take(size, self._heard_at):
            most = self._settings.max_bytes_per_second
            raise Refused(
                ErrorCode.TOO_FAST, f"more than {most} bytes a second; send smaller pictures or fewer of them"
            )

    def touch(self) -> None:
        """The client is alive."""
        self._heard_at = monotonic()

    def sending(self) -> Participant:
        """Who media on request belongs to. Raises Refused: NOT_SENDING, CONSENT_REQUIRED."""
        if self._leaving is not None or self.ended.is_set():
            raise Refused(ErrorCode.NOT_SENDING, "this session has said bye; open a new one to send media")
        if self.hello.participant is None:
            raise Refused(
                ErrorCode.NOT_SENDING, "this session only watches; say hello with a participant to send media"
            )
        if self.participant is None:
            message = "media needs the participant's consent; say hello again with consent: true once it is given"
            raise Refused(ErrorCode.CONSENT_REQUIRED, message)
        return self.participant

    def control(self, text: str) -> None:
        """A control message in JSON. Raises Refused: BAD_JSON, BAD_MESSAGE, UNEXPECTED_HELLO, NOT_SENDING and so on."""
        match parse(text):
            case Hello():
                message = "this session has had its hello; open another connection for another participant"
                raise Refused(ErrorCode.UNEXPECTED_HELLO, message)
            case Ping(nonce=nonce):
                self.tell(Pong(nonce=nonce))
            case Mute(muted=muted):
                self._start(self._conversation.mute(self.sending(), muted))
            case Pause(paused=paused):
                self._start(self._conversation.pause(self.sending(), paused))
            case Signal() as signal:
                self._switchboard.connect(self, signal)
            case Flush():
                self._start(self.sending().flush())
            case Bye():
                self.left = True
                self._start(self._say_bye(self._leave()))

    def refuse(self, refused: Refused) -> None:
        """Tells the client what was wrong. The session goes on until the client has been wrong too often."""
        self._refusals += 1
        if self._refusals > self._settings.media_errors:
            message = f"{refused.message} (closing: this was error number {self._refusals} of this session)"
            self.fail(Refused(refused.code, message))
            return
        self._hub.metrics.error(refused.code)
        self.tell(Error(code=refused.code, message=refused.message, fatal=False))

    # --- out -----------------------------------------------------------------------------------------------------

    async def events(self) -> AsyncIterator[Event]:
        """The client's events: hello first, bye last. To be read once. Raises SlowReader.

        Every event's seq is where a reconnecting client may resume: that of hello is what the stream continues from.
        """
        resume_gone: Refused | None = None
        try:
            after = self.hello.resume_after
            self._subscription = self._conversation.subscribe(self._greeting.seq if after is None else after)
            greeting = self._greeting if after is None else self._greeting.model_copy(update={"seq": after})
        except Refused as refused:
            resume_gone = refused
            self._subscription = self._conversation.subscribe(None)
            greeting = self._conversation.private(self._greeting.body)
        yield greeting
        if resume_gone:
            self.refuse(resume_gone)
        if self.ended.is_set():
            self._subscription.close()
        else:
            self._switchboard.enter(self)
        async for event in self._subscription:
            yield event
            self._told_until = event.time
        if self._hub.closing:
            self.end("shutdown")
        yield self._conversation.private(ServerBye(reason=self.reason))

    def tell(self, body: Error | Pong | Peers | SignalEvent) -> None:
        """Says something to this session alone."""
        if self._subscription is not None:
            self._subscription.offer(self._conversation.private(body))

    def lag(self) -> Event:
        """What a reader that is cut off is told."""
        self._hub.metrics.dropped("events", self._settings.subscriber_events)
        lost = {"events": self._settings.subscriber_events}
        return self._conversation.private(Lag(seconds=max(0.0, time() - self._told_until), dropped=lost))

    # --- end -----------------------------------------------------------------------------------------------------

    def fail(self, refused: Refused) -> None:
        """Ends the session with a fatal error."""
        if not self.ended.is_set():
            self.error = refused.code
            self._hub.metrics.error(refused.code)
            self.tell(Error(code=refused.code, message=refused.message, fatal=True))
            self.end("error")

    def end(self, reason: Reason) -> None:
        """No more is taken in; `events` ends with bye once what is queued has been read."""
        if not self.ended.is_set():
            self.reason = reason
            self.ended.set()
            self._switchboard.leave(self)
            if self._subscription is not None:
                self._subscription.close()

    @property
    def seated(self) -> bool:
        """Whether its participant is in the conversation, be it only until it has been answered."""
        return self.participant is not None or (self._leaving is not None and not self._leaving.done())

    async def give_way(self) -> None:
        """Its participant has come back by another session: what was being said is answered, and the name is free."""
        self.left = True
        message = f"'{self.hello.participant}' has joined again, by another connection; this one ends"
        self.fail(Refused(ErrorCode.REPLACED, message))
        await asyncio.shield(self._leave())

    async def close(self) -> None:
        """Lets go of everything. The utterance under way is finished and answered for those who stay."""
        self.end("ended")
        for task in (self._expiry, *self._controls):
            task.cancel()
        await asyncio.gather(self._expiry, *self._controls, return_exceptions=True)
        await asyncio.shield(self._leave())

    async def _say_bye(self, leaving: asyncio.Task[None]) -> None:
        await asyncio.shield(leaving)
        self.end("client")

    def _leave(self) -> asyncio.Task[None]:
        """The participant leaves once, uninterrupted: the utterance under way is still to be answered."""
        if self._leaving is None:
            participant, self.participant = self.participant, None
            self._leaving = asyncio.create_task(self._take_out(participant))
        return self._leaving

    async def _take_out(self, participant: Participant | None) -> None:
        if participant is not None and not self._hub.closing:
            await self._conversation.leave(participant)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._controls) >= _MAX_CONTROLS:
            work.close()
            raise Refused(ErrorCode.TOO_FAST, f"{_MAX_CONTROLS} control messages are under way; wait for their effect")
        task = asyncio.create_task(work)
        self._controls.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._controls.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a control message failed", exc_info=error)
            self.fail(internal_error())

    async def _expire(self) -> None:
        while True:
            over = self._began_at + self._settings.max_session_seconds
            idle = self._heard_at + self._settings.idle_seconds if self.sends else math.inf
            wait = min(over, idle) - monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            elif idle <= over:
                message = (
                    f"nothing came for {self._settings.idle_seconds:g} s; send media or a ping in time, then reconnect"
                )
                return self.fail(Refused(ErrorCode.IDLE, message))
            else:
                message = f"a session lasts at most {self._settings.max_session_seconds:g} s; reconnect to go on"
                return self.fail(Refused(ErrorCode.SESSION_TOO_LONG, message))


def parse(text: str) -> ClientMessage:
    """One client message. Raises Refused: BAD_JSON, BAD_MESSAGE."""
    try:
        return CLIENT_MESSAGE.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            raise Refused(ErrorCode.BAD_JSON, "a text message must be one JSON object; this one is not JSON") from error
        where = ".".join(str(part) for part in first["loc"]) or "message"
        raise Refused(ErrorCode.BAD_MESSAGE, f"{where}: {first['msg']}; see docs/protocol.md") from error


def internal_error() -> Refused:
    """What a client is told of a fault that is not its own."""
    return Refused(ErrorCode.INTERNAL, "the server failed; its log says why. Reconnect to go on")
