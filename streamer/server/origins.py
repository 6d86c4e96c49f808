"""Who may talk to a server on localhost: this machine's programs and the server's own page, no other web page.

Any page that a browser has open can send requests to localhost, and WebSockets know no CORS. So a request that does
anything must come without an Origin (no browser) or from the server's own page. The Host is checked as well: a page
whose name is made to resolve to 127.0.0.1 (DNS rebinding) would be "its own page" otherwise.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from streamer.errors import Refused
from streamer.loopback import LOCAL_NAMES
from streamer.protocol import ErrorCode
from streamer.server.refusals import refusal

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginCheck:
    """ASGI middleware that answers 403 FORBIDDEN_ORIGIN to whom the module's rule keeps out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and (refused := check(scope)):
            await refusal(refused)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def check(scope: Scope) -> Refused | None:
    """What is wrong with where a request comes from, or None."""
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if _name(host) not in LOCAL_NAMES:
        message = f"this server answers on localhost only, not as '{host}'; open http://localhost:PORT"
        return Refused(ErrorCode.FORBIDDEN_ORIGIN, message)
    origin = headers.get("origin")
    acts = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
    if acts and origin is not None and origin not in {f"http://{host}", f"https://{host}"}:
        message = f"requests from pages of '{origin}' are refused; use the page that this server serves"
        return Refused(ErrorCode.FORBIDDEN_ORIGIN, message)
    return None


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
