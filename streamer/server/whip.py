"""WHIP (RFC 9725): WebRTC ingestion for encoders such as OBS and GStreamer. Media only; no trickle, no ICE restart."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from streamer.errors import Refused
from streamer.protocol import ErrorCode, Hello
from streamer.server.refusals import read_body
from streamer.server.services import Shared

router = APIRouter()
_SDP = "application/sdp"


@router.post("/whip/{conversation}")
async def ingest(
    conversation: str,
    request: Request,
    services: Shared,
    participant: Annotated[str, Query()] = "guest",
    consent: Annotated[bool, Query()] = False,
) -> Response:
    """201 with the SDP answer; `Location` is the session, to be deleted at the end."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _SDP:
        return Response(f"send the SDP offer as {_SDP}", 415)
    try:
        hello = Hello(conversation=conversation, participant=participant, consent=consent)
    except ValidationError as error:
        message = "conversation and participant are 1 to 64 of A-Z a-z 0-9 _ . -, beginning with a letter or digit"
        raise Refused(ErrorCode.BAD_MESSAGE, message) from error
    offer = (await read_body(request)).decode(errors="replace")
    session, answer = await services.connect(hello, offer, "whip")
    headers = {"Location": f"/whip/{conversation}/{session}"}
    return Response(answer, 201, headers, media_type=_SDP)


@router.delete("/whip/{conversation}/{session}")
async def end(session: str, services: Shared) -> Response:
    """Ends the session."""
    await services.disconnect(session)
    return Response()
