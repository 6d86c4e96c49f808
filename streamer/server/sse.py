"""Server-sent events: a conversation's events for whoever only reads (`GET /v1/conversations/{id}/events`)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from streamer.errors import Refused
from streamer.log import SlowReader
from streamer.protocol import ErrorCode, Event, Hello
from streamer.server.services import Services, Shared
from streamer.server.session import Session

router = APIRouter()
KEEP_ALIVE_SECONDS: Final = 15.0
_SEND_SECONDS: Final = 5.0
_LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", pattern=r"^\d{1,15}$")]


class EventStream(StreamingResponse):
    """A session's events; a reader that takes nothing for some seconds is cut off."""

    def __init__(self, services: Services, session: Session) -> None:
        super().__init__(_lines(session), media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self._services = services
        self._session = session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(_SEND_SECONDS):
                await send(message)

        try:
            with contextlib.suppress(TimeoutError), self._services.hub.metrics.session("sse"):
                await super().__call__(scope, receive, send_in_time)
        finally:
            await asyncio.shield(self._services.sessions.close(self._session))


@router.get("/v1/conversations/{conversation}/events")
async def events(conversation: str, services: Shared, last_event_id: _LastEventId = None) -> EventStream:
    """The events from now on, or those after `Last-Event-ID`."""
    if services.hub.find(conversation) is None:
        message = f"there is no conversation '{conversation}' now; it begins when somebody joins it"
        raise Refused(ErrorCode.NOT_FOUND, message)
    hello = Hello(conversation=conversation, resume_after=int(last_event_id) if last_event_id else None)
    session = await services.sessions.open(hello)
    return EventStream(services, session)


async def _lines(session: Session) -> AsyncIterator[str]:
    """Each event as `id` and `data`; a comment when nothing has happened for a while."""
    following: asyncio.Task[Event] | None = None
    told = session.events()
    try:
        while True:
            following = following or asyncio.ensure_future(anext(told))
            await asyncio.wait([following], timeout=KEEP_ALIVE_SECONDS)
            if not following.done():
                yield ": keep-alive\n\n"
                continue
            event, following = following.result(), None
            yield f"id: {event.seq}\ndata: {event.to_json()}\n\n"
    except StopAsyncIteration:
        return
    except SlowReader:
        yield f"data: {session.lag().to_json()}\n\n"
    finally:
        if following is not None:
            following.cancel()
