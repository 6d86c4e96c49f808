"""The library over HTTP: what is kept of past conversations, for the server's own page and this machine's programs."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError

from streamer.errors import Refused
from streamer.exports import ExportError
from streamer.exports.formats import format_named
from streamer.protocol import ErrorCode, Message
from streamer.record import ConversationRecord
from streamer.server.refusals import read_body
from streamer.server.services import Shared
from streamer.store.entries import Entry, Kept
from streamer.store.errors import NotKept, StoreError
from streamer.store.store import Store


class Listing(Message):
    """Conversations, the newest first."""

    conversations: tuple[Entry, ...]


class Renaming(Message):
    """A new title."""

    title: str


def _store(services: Shared) -> Store:
    if services.hub.library is None:
        raise Refused(ErrorCode.NOT_FOUND, "nothing is kept: this server was started with --no-store")
    return services.hub.library.store


def uncached(response: Response) -> None:
    """A dependency: what people said is not left in caches."""
    response.headers["Cache-Control"] = "no-store"


_Store = Annotated[Store, Depends(_store)]
_Words = Annotated[str | None, Query(max_length=200)]
_Limit = Annotated[int, Query(ge=1, le=500)]
_Before = Annotated[float | None, Query(allow_inf_nan=False)]
router = APIRouter(prefix="/v1/library", dependencies=[Depends(uncached)])


@router.get("")
def listing(store: _Store, search: _Words = None, limit: _Limit = 100, before: _Before = None) -> Listing:
    """What is kept, or what a search finds: all its words, in a title or in one utterance."""
    return Listing(conversations=store.list(limit, before) if search is None else store.search(search, limit))


@router.get("/{id}")
def show(id: str, store: _Store) -> Kept:
    """All that is kept of one conversation."""
    return store.kept(id)


@router.get("/{id}/export")
def export(id: str, store: _Store, format: Annotated[str, Query()]) -> Response:
    """One conversation in the format of another tool, as a file to save."""
    return exported(store.read(id), id, format)


@router.patch("/{id}")
async def rename(id: str, request: Request, store: _Store) -> Entry:
    """Gives a conversation another title."""
    try:
        wanted = Renaming.model_validate_json(await read_body(request))
        await asyncio.to_thread(store.rename, id, wanted.title)
    except ValidationError as error:
        raise Refused(ErrorCode.BAD_MESSAGE, 'send {"title": "…"}, and nothing else') from error
    except ValueError as error:
        raise Refused(ErrorCode.BAD_MESSAGE, str(error)) from error
    return await asyncio.to_thread(store.entry, id)


@router.delete("/{id}", status_code=204)
def delete(id: str, store: _Store) -> Response:
    """Deletes a conversation for good. If it goes on, what follows is not kept either."""
    store.delete(id)
    return Response(status_code=204)


def exported(record: ConversationRecord, name: str, format: str) -> Response:
    """A record as a file to save. Raises Refused(BAD_MESSAGE) where there is no such format."""
    try:
        chosen = format_named(format)
    except ExportError as error:
        raise Refused(ErrorCode.BAD_MESSAGE, str(error)) from error
    headers = {"Content-Disposition": f'attachment; filename="{name}{chosen.suffix}"', "Cache-Control": "no-store"}
    return Response(chosen.render(record).encode(), headers=headers, media_type="text/plain")


def refused(error: StoreError) -> Refused:
    """What the library says no with, as clients are told it."""
    return Refused(ErrorCode.NOT_FOUND if isinstance(error, NotKept) else ErrorCode.INTERNAL, str(error))
