"""What the routes of one server share."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, cast

from fastapi import Depends
from fastapi.requests import HTTPConnection

from streamer.errors import Refused
from streamer.hub import Hub
from streamer.protocol import ErrorCode, Hello
from streamer.server.peer import Peer
from streamer.server.session import Session
from streamer.server.sessions import Sessions
from streamer.server.uploads import Uploads


class Services:
    """The hub, the sessions, the WebRTC peers among them, recordings, and the threads that convert pictures."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.sessions = Sessions(hub)
        self.uploads = Uploads(hub)
        self.threads = ThreadPoolExecutor(2, "pictures")
        self._peers: dict[str, tuple[Session, asyncio.Task[None]]] = {}

    async def connect(self, hello: Hello, offer: str, transport: str) -> tuple[str, str]:
        """Opens a session over WebRTC; its id and the SDP answer. Raises Refused."""
        if not hello.consent:
            message = "analysis needs the participant's consent; ask for it, then offer again with consent: true"
            raise Refused(ErrorCode.CONSENT_REQUIRED, message)
        session = await self.sessions.open(hello)
        peer = Peer(session, self.hub.conversation(hello.conversation), self.hub.metrics, self.threads)
        try:
            answer = await peer.answer(offer)
        except BaseException:
            await peer.close()
            await self.sessions.close(session)
            raise
        self._peers[peer.id] = session, asyncio.create_task(self._serve(peer, session, transport))
        return peer.id, answer

    async def disconnect(self, id: str) -> None:
        """Ends a peer's session and waits until it has gone. Raises Refused(NOT_FOUND)."""
        if id not in self._peers:
            raise Refused(ErrorCode.NOT_FOUND, "there is no such session; it has ended, or never was")
        session, task = self._peers[id]
        session.end("client")
        await asyncio.wait([task])

    async def drain(self) -> None:
        """Finishes what is under way, says bye to everyone and waits for them to go. The hub is closed after it."""
        self.hub.closing = True
        await self.uploads.close()
        await self.hub.close()
        await self.sessions.drain()
        self.threads.shutdown(cancel_futures=True)

    async def _serve(self, peer: Peer, session: Session, transport: str) -> None:
        try:
            with self.hub.metrics.session(transport):
                await peer.run()
        finally:
            del self._peers[peer.id]
            await self.sessions.close(session)


def services(connection: HTTPConnection) -> Services:
    """Those of the app that a request or WebSocket came to."""
    return cast(Services, connection.app.state.services)


Shared = Annotated[Services, Depends(services)]
