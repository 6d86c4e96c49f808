"""What the server is and how it does: status, health and metrics."""

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Response

from streamer.metrics import CONTENT_TYPE
from streamer.protocol import PROTOCOL_VERSION, Message, ServerHello
from streamer.server.services import Shared
from streamer.server.sessions import greeting

router = APIRouter()


class OpenConversation(Message):
    """A conversation that is open now, and who takes part."""

    id: str
    participants: tuple[str, ...]


class Status(Message):
    """What runs here. kept: whether what is said and expressed is kept in the library."""

    version: str
    protocol: int = PROTOCOL_VERSION
    server: ServerHello
    kept: bool
    conversations: tuple[OpenConversation, ...]


@router.get("/v1/status")
async def status(services: Shared) -> Status:
    """What runs here: the model, the recogniser, the limits, the conversations."""
    return Status(
        version=_version(),
        server=greeting(services.hub, consented=False, kept=services.hub.library is not None),
        kept=services.hub.library is not None,
        conversations=tuple(
            OpenConversation(id=open.id, participants=open.participants) for open in services.hub.conversations
        ),
    )


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(services: Shared, response: Response) -> dict[str, str]:
    """200 while new sessions are taken, 503 once the server is shutting down."""
    if services.hub.closing:
        response.status_code = 503
        return {"status": "shutting down"}
    return {"status": "ready"}


@router.get("/metrics")
async def metrics(services: Shared) -> Response:
    """Prometheus's text format."""
    return Response(services.hub.metrics.render(), headers={"Content-Type": CONTENT_TYPE})


def _version() -> str:
    try:
        return version("undertone")
    except PackageNotFoundError:
        return "unreleased"
