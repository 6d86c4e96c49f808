"""WebRTC by one HTTP request: an offer in, an answer out (`POST /v1/offer`)."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field, ValidationError

from streamer.errors import Refused
from streamer.protocol import Claim, ErrorCode, Hello, Identifier, Message, Speakers
from streamer.server.refusals import read_body
from streamer.server.services import Shared

router = APIRouter()


class Offer(Message):
    """A hello and an SDP offer in one. Events come over a data channel that the client opens, labelled `events`."""

    conversation: Identifier
    participant: Identifier
    consent: bool = False
    links: bool = False
    origin: float | None = Field(default=None, ge=0)
    resume_after: int | None = Field(default=None, ge=0)
    claim: Claim | None = None
    speakers: Speakers = "one"
    type: Literal["offer"] = "offer"
    sdp: str


class Answer(Message):
    """The SDP answer. `session` is what ends it: `DELETE /v1/sessions/{session}`."""

    session: str
    type: Literal["answer"] = "answer"
    sdp: str


@router.post("/v1/offer")
async def offer(request: Request, services: Shared) -> Answer:
    """Joins a conversation over WebRTC."""
    try:
        made = Offer.model_validate_json(await read_body(request))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise Refused(ErrorCode.BAD_MESSAGE, f"{where}: {first['msg']}; see docs/protocol.md") from error
    hello = Hello(**made.model_dump(exclude={"type", "sdp"}))
    session, sdp = await services.connect(hello, made.sdp, "webrtc")
    return Answer(session=session, sdp=sdp)


@router.delete("/v1/sessions/{session}", status_code=204)
async def end(session: str, services: Shared) -> Response:
    """Ends a session; the utterance under way is finished and answered first."""
    await services.disconnect(session)
    return Response(status_code=204)
