"""Refusals over HTTP: the same code and sentence as on the event streams, with a fitting status."""

import asyncio
from typing import Final

from fastapi import Request
from fastapi.responses import JSONResponse

from streamer.errors import Refused
from streamer.protocol import ErrorCode

MAX_BODY_BYTES: Final = 128 * 1024
_BODY_SECONDS: Final = 10.0
_STATUS: Final = {
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.TOO_FAST: 429,
    ErrorCode.CONSENT_REQUIRED: 403,
    ErrorCode.FORBIDDEN_ORIGIN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.PARTICIPANT_TAKEN: 409,
    ErrorCode.CONVERSATION_FULL: 503,
    ErrorCode.SERVER_FULL: 503,
    ErrorCode.SHUTTING_DOWN: 503,
    ErrorCode.INTERNAL: 500,
}


def refusal(refused: Refused) -> JSONResponse:
    """`{"code": ..., "message": ...}`."""
    return JSONResponse({"code": refused.code, "message": refused.message}, _STATUS.get(refused.code, 400))


async def read_body(request: Request) -> bytes:
    """The body, up to 128 KiB and for ten seconds. Raises Refused: TOO_LARGE, IDLE."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise Refused(ErrorCode.TOO_LARGE, f"the body is over the limit of {MAX_BODY_BYTES} bytes")
    except TimeoutError as error:
        raise Refused(
            ErrorCode.IDLE, f"the body did not come within {_BODY_SECONDS:g} s; send the request again"
        ) from error
    return bytes(body)
