"""The open sessions of one server: how they begin, and that they end."""

import asyncio
import contextlib

from streamer.errors import Refused
from streamer.hub import Hub
from streamer.protocol import PROTOCOL_VERSION, ErrorCode, Hello, ServerHello
from streamer.server.seats import Seats
from streamer.server.session import Session
from streamer.server.switchboard import Switchboard, new_peer


class Sessions:
    """Their number is bounded."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._open: set[Session] = set()
        self._seats = Seats(hub.settings.hold_seconds)
        self._switchboard = Switchboard()
        self._changed = asyncio.Condition()

    async def open(self, hello: Hello) -> Session:
        """Joins a conversation, or watches it. Raises Refused: the hello is wrong, or something is full."""
        settings = self._hub.settings
        if hello.version != PROTOCOL_VERSION:
            message = f"protocol version {hello.version} is not spoken here; use version {PROTOCOL_VERSION}"
            raise Refused(ErrorCode.UNSUPPORTED_VERSION, message)
        if len(self._open) >= settings.max_sessions:
            message = f"the server has its {settings.max_sessions} sessions; close one or try again later"
            raise Refused(ErrorCode.SERVER_FULL, message)
        running = self._hub.find(hello.conversation)
        now = running.now() if running else 0.0
        if hello.origin is not None and hello.origin > now + settings.max_session_seconds:
            message = f"origin {hello.origin:g} lies too far ahead; the conversation is at {now:.1f} s"
            raise Refused(ErrorCode.BAD_MESSAGE, message)
        conversation = self._hub.conversation(hello.conversation)
        peer = new_peer() if hello.links else None
        consented = hello.participant is not None and hello.consent
        told = greeting(self._hub, consented=consented, kept=self._hub.keeps(conversation), peer=peer)
        session = Session(self._hub, hello, conversation, conversation.private(told), self._switchboard)
        self._open.add(session)
        try:
            if hello.participant is not None and consented:
                await self._seats.take(hello, self._open)
                session.participant = await conversation.join(
                    hello.participant, origin=hello.origin, mixed=hello.speakers == "mixed"
                )
                self._seats.joined(hello)
        except BaseException:
            await self.close(session)
            raise
        return session

    async def close(self, session: Session) -> None:
        """Closes a session and forgets it."""
        self._seats.leave(session)
        try:
            await session.close()
        finally:
            self._open.discard(session)
            async with self._changed:
                self._changed.notify_all()

    async def drain(self) -> None:
        """Tells all that the server stops, and waits until they are gone, for `drain_seconds` at most."""
        for session in tuple(self._open):
            session.end("shutdown")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._hub.settings.drain_seconds), self._changed:
                await self._changed.wait_for(lambda: not self._open)


def greeting(hub: Hub, *, consented: bool, kept: bool, peer: str | None = None) -> ServerHello:
    """Who answers, and within which limits."""
    return ServerHello(
        bundle=hub.engine.bundle.name,
        labels=tuple(hub.engine.labels),
        recogniser=hub.recogniser.name,
        draft=hub.recogniser.draft,
        consented=consented,
        kept=kept,
        peer=peer,
        limits=hub.settings.limits(),
    )
