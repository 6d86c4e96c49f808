"""The server's routes, put together."""

from pathlib import Path
from typing import cast

from fastapi import APIRouter, FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from streamer.errors import Refused
from streamer.hub import Hub
from streamer.protocol import ErrorCode
from streamer.server import conversations, library, recordings, sse, status, webrtc, whip
from streamer.server.origins import OriginCheck
from streamer.server.page import FOLDER, SecurityHeaders, page_router
from streamer.server.refusals import refusal
from streamer.server.services import Services, services
from streamer.server.websocket import Stream
from streamer.store.errors import StoreError

_stream = APIRouter()


def create_app(hub: Hub, *, page: Path = FOLDER) -> FastAPI:
    """A server for this hub, within the hub's settings. Run it with `running`, which drains it at the end."""
    app = FastAPI(title="Undertone", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.services = Services(hub)
    parts = (webrtc, whip, sse, conversations, status, library, recordings)
    for router in (_stream, *(part.router for part in parts), page_router(page)):
        app.include_router(router)
    app.add_middleware(OriginCheck)
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(StoreError, _not_stored)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


@_stream.websocket("/v1/stream")
async def stream(websocket: WebSocket) -> None:
    """Media and events over one WebSocket."""
    shared = services(websocket)
    await Stream(websocket, shared.hub, shared.sessions, shared.threads).run()


async def _refused(request: Request, error: Exception) -> JSONResponse:
    refused = cast(Refused, error)
    services(request).hub.metrics.error(refused.code)
    return refusal(refused)


async def _not_stored(request: Request, error: Exception) -> JSONResponse:
    return await _refused(request, library.refused(cast(StoreError, error)))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    first = cast(RequestValidationError, error).errors()[0]
    message = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}; see docs/protocol.md"
    return await _refused(request, Refused(ErrorCode.BAD_MESSAGE, message))
