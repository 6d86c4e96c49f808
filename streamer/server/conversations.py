"""Forgetting a conversation over HTTP."""

from fastapi import APIRouter, Response

from streamer.errors import Refused
from streamer.protocol import ErrorCode
from streamer.server.services import Shared

router = APIRouter(prefix="/v1/conversations")


@router.delete("/{conversation}", status_code=204)
async def forget(conversation: str, services: Shared) -> Response:
    """Erases all that was said, here and on every page that shows it. What follows is not kept either."""
    if services.hub.find(conversation) is None:
        message = f"conversation '{conversation}' is not open any more; what is kept of it is deleted in the library"
        raise Refused(ErrorCode.NOT_FOUND, message)
    await services.hub.forget(conversation)
    return Response(status_code=204)
