"""WebRTC on a busy machine or a slow line.

aioice asks every five seconds whether the other side still consents to be sent to. It takes half a second without an
answer for a refusal, and after six of them hangs up, also on one that lives and is only slow. RFC 7675 counts any
answer within 30 s, but aioice has no setting for how late one may be.
"""

from typing import Final

from aioice import ice, stun

_AGAIN: Final = 4
"""So often a question is asked again, after 0.5, 1, 2 and 4 s: an answer counts for 15.5 s."""
_MISSED: Final = 2
"""So many questions without an answer, one after the other, end a connection: 35 to 43 s after the last sign."""

_request = ice.StunProtocol.request


async def _patient_request(
    protocol: ice.StunProtocol,
    request: stun.Message,
    addr: tuple[str, int],
    integrity_key: bytes | None = None,
    retransmissions: int | None = None,
) -> tuple[stun.Message, tuple[str, int]]:
    # Only the question for consent is asked without being asked again.
    again = _AGAIN if retransmissions == 0 else retransmissions
    return await _request(protocol, request, addr, integrity_key, again)


def be_patient() -> None:
    """Keeps peer connections of this process, from now on, that answer late. Doing so twice is doing so once."""
    ice.StunProtocol.request = _patient_request  # type: ignore[assignment, method-assign]
    ice.CONSENT_FAILURES = _MISSED
