"""The built page: its files, with headers that let it load nothing from elsewhere."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streamer.errors import Refused
from streamer.protocol import ErrorCode

FOLDER: Final = Path(__file__).resolve().parents[1] / "page"
_NOT_BUILT: Final = (
    "The page is not built. Build it with `make page` in the repository, then load this address again.\n"
)
_SECURITY: Final = {
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'self'",
            "img-src 'self' blob: data:",
            "media-src 'self' blob: data:",
            "style-src 'self' 'unsafe-inline'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    ),
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class SecurityHeaders:
    """ASGI middleware that adds them to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_SECURITY)
            await send(message)

        await self._app(scope, receive, send_secured if scope["type"] == "http" else send)


def page_router(folder: Path = FOLDER) -> APIRouter:
    """Serves the files of a folder; a path that names none is the page itself, which reads the path."""
    router = APIRouter()

    @router.get("/{path:path}")
    def page(path: str) -> Response:
        index = folder / "index.html"
        file = (folder / path).resolve()
        if path.startswith(("v1/", "whip/")):
            raise Refused(ErrorCode.NOT_FOUND, f"there is nothing at /{path}; see docs/protocol.md")
        if not index.is_file():
            return PlainTextResponse(_NOT_BUILT, 503)
        if file.is_relative_to(folder) and file.is_file() and file != index:
            lasting = file.is_relative_to(folder / "assets")
            cache = "public, max-age=31536000, immutable" if lasting else "no-cache"
            return FileResponse(file, headers={"Cache-Control": cache})
        if Path(path).suffix:
            raise Refused(ErrorCode.NOT_FOUND, f"the page has no file /{path}")
        return FileResponse(index, headers={"Cache-Control": "no-cache"})

    return router
