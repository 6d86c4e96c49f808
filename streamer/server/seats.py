"""Whose a participant's name is: a client with its claim comes back to its own, and nobody gets in between."""

from collections.abc import Iterable
from secrets import compare_digest
from time import monotonic

from streamer.errors import Refused
from streamer.protocol import ErrorCode, Hello
from streamer.server.session import Session

_Seat = tuple[str, str | None]


class Seats:
    """A name is kept for its client for `hold_seconds` after the connection broke, as it does when a page is reloaded.

    Clients without a claim have no such rights. For the event loop's thread alone.
    """

    def __init__(self, hold_seconds: float) -> None:
        self._hold_seconds = hold_seconds
        self._held: dict[_Seat, tuple[str, float]] = {}

    async def take(self, hello: Hello, sessions: Iterable[Session]) -> None:
        """Clears the way for one who joins: its own older sessions end. Raises Refused(PARTICIPANT_TAKEN)."""
        seat = _seat(hello)
        claim, until = self._held.get(seat, (None, 0.0))
        if claim is not None and monotonic() < until and not _same(claim, hello.claim):
            message = f"'{hello.participant}' has just lost the connection and may come back; choose another name"
            raise Refused(ErrorCode.PARTICIPANT_TAKEN, message)
        while (older := next((one for one in sessions if _is_older(one, hello)), None)) is not None:
            await older.give_way()

    def leave(self, session: Session) -> None:
        """A session ends: its name is kept for its client, unless that has said bye."""
        now = monotonic()
        self._held = {seat: held for seat, held in self._held.items() if held[1] > now}
        claim = session.hello.claim
        if claim is not None and session.seated and not session.left:
            self._held[_seat(session.hello)] = claim, now + self._hold_seconds

    def joined(self, hello: Hello) -> None:
        """The client is back."""
        self._held.pop(_seat(hello), None)


def _seat(hello: Hello) -> _Seat:
    return hello.conversation, hello.participant


def _is_older(session: Session, hello: Hello) -> bool:
    claim = session.hello.claim
    return session.seated and claim is not None and _seat(session.hello) == _seat(hello) and _same(claim, hello.claim)


def _same(claim: str, other: str | None) -> bool:
    return other is not None and compare_digest(claim.encode(), other.encode())
