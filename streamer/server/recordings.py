"""Recordings over HTTP: handed in as they are, followed while they are read, fetched where no library keeps them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, BinaryIO, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from streamer.errors import Refused
from streamer.progress import RecordingProgress
from streamer.protocol import ErrorCode, Message
from streamer.server.library import exported, uncached
from streamer.server.services import Shared
from streamer.server.uploads import Upload
from streamer.store.entries import MAX_TITLE, Kept, clean_title

_WRITTEN_AT_ONCE: Final = 1 << 20
_LONGEST_SUFFIX: Final = 10
_EVENT_SECONDS: Final = 0.1
router = APIRouter(prefix="/v1/recordings", dependencies=[Depends(uncached)])


class Recordings(Message):
    """Those under way and the last that are finished, in the order in which they came."""

    recordings: tuple[RecordingProgress, ...]


@router.post("", status_code=202)
async def hand_in(request: Request, services: Shared, name: Annotated[str, Query()]) -> RecordingProgress:
    """Takes a recording, the file's bytes as the body, and begins to read it as soon as those before it are read."""
    try:
        name = clean_title(Path(name).name[-MAX_TITLE:])
    except ValueError as error:
        raise Refused(ErrorCode.BAD_MESSAGE, f"name the file: {error}") from error
    services.uploads.check_room()
    folder = TemporaryDirectory(prefix="undertone-", ignore_cleanup_errors=True)
    try:
        file = Path(folder.name) / f"recording{_suffix(name)}"
        settings = services.hub.settings
        await _receive(request, file, settings.max_recording_bytes, settings.idle_seconds)
        upload = Upload(name, file, folder.cleanup)
        services.uploads.add(upload)
    except BaseException:
        await asyncio.to_thread(folder.cleanup)
        raise
    return upload.progress


@router.get("")
async def under_way(services: Shared) -> Recordings:
    """All that is known here."""
    return Recordings(recordings=services.uploads.all)


@router.get("/{id}")
async def show(id: str, services: Shared) -> RecordingProgress:
    """How far one is."""
    return services.uploads.find(id).progress


@router.get("/{id}/events")
async def follow(id: str, services: Shared) -> StreamingResponse:
    """How far one is, as it changes: server-sent events, each a whole state. They end when it does."""
    lines = _lines(services.uploads.find(id))
    return StreamingResponse(lines, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@router.get("/{id}/record")
async def record(id: str, services: Shared) -> Kept:
    """What was read, where the library doesn't keep it."""
    return services.uploads.find(id).kept()


@router.get("/{id}/export")
async def export(id: str, services: Shared, format: Annotated[str, Query()]) -> Response:
    """The same in the format of another tool, as a file to save."""
    kept = services.uploads.find(id).kept()
    return await asyncio.to_thread(exported, kept.record, id, format)


@router.delete("/{id}", status_code=204)
async def remove(id: str, services: Shared) -> Response:
    """Ends the reading, of which nothing is kept then; or forgets what was read and is held here."""
    await services.uploads.remove(id)
    return Response(status_code=204)


async def _lines(upload: Upload) -> AsyncIterator[str]:
    async for state in upload.states():
        yield f"data: {state.model_dump_json()}\n\n"
        await asyncio.sleep(_EVENT_SECONDS)


async def _receive(request: Request, path: Path, limit: int, idle_seconds: float) -> None:
    """Writes the body into a file. Raises Refused: TOO_LARGE, IDLE, BAD_MESSAGE, INTERNAL."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > limit:
        raise _too_large(limit)
    try:
        with path.open("wb") as file:
            await _copy(request, file, limit, idle_seconds)
    except TimeoutError as error:
        message = f"nothing of the recording came for {idle_seconds:g} s; hand it in again"
        raise Refused(ErrorCode.IDLE, message) from error
    except ClientDisconnect as error:
        raise Refused(ErrorCode.BAD_MESSAGE, "the recording did not come whole; hand it in again") from error
    except OSError as error:
        message = f"the server has no room for the recording ({error.strerror}); free its disk, then hand it in again"
        raise Refused(ErrorCode.INTERNAL, message) from error


async def _copy(request: Request, file: BinaryIO, limit: int, idle_seconds: float) -> None:
    held, size = bytearray(), 0
    body = request.stream()
    while True:
        async with asyncio.timeout(idle_seconds):
            chunk = await anext(body, None)
        if chunk is None:
            break
        held += chunk
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        if len(held) >= _WRITTEN_AT_ONCE:
            await asyncio.to_thread(file.write, held)
            held = bytearray()
    await asyncio.to_thread(file.write, held)


def _too_large(limit: int) -> Refused:
    message = f"the recording is over the limit of {limit / 1e9:.3g} GB; cut it, or take only its sound"
    return Refused(ErrorCode.TOO_LARGE, message)


def _suffix(name: str) -> str:
    suffix = Path(name).suffix
    return suffix if len(suffix) <= _LONGEST_SUFFIX and suffix[1:].isalnum() and suffix.isascii() else ""
