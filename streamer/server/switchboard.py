"""Puts the pages of a conversation through to each other, so that they can exchange media directly.

The server analyses each participant's media but sends none on: encoding every picture again for everyone else would
take more than the analysis itself. What the pages say to each other here is theirs; the server does not read it.
"""

import secrets
from collections import defaultdict
from time import monotonic
from typing import Final, Protocol

from streamer.errors import Refused
from streamer.protocol import ErrorCode, Hello, Peers, PeerSession, Signal, SignalEvent
from streamer.server.rate import RateLimit

_SIGNALS_PER_SECOND: Final = 64
"""Enough to offer a link to every session of a full server within two seconds."""


class Line(Protocol):
    """A session as the switchboard needs it."""

    hello: Hello
    sends: bool
    peer: str | None

    def tell(self, body: Peers | SignalEvent) -> None: ...


class Switchboard:
    """The sessions that asked for links, by conversation. For the event loop's thread alone."""

    def __init__(self) -> None:
        self._lines: defaultdict[str, dict[str, Line]] = defaultdict(dict)
        self._rates: dict[str, RateLimit] = {}

    def enter(self, line: Line) -> None:
        """A session can be linked to from now on; its conversation is told."""
        if line.peer is not None:
            self._lines[line.hello.conversation][line.peer] = line
            self._rates[line.peer] = RateLimit(_SIGNALS_PER_SECOND)
            self._tell_who(line.hello.conversation)

    def leave(self, line: Line) -> None:
        """A session can't be linked to any more. Leaving twice does nothing."""
        if line.peer is not None and self._rates.pop(line.peer, None) is not None:
            conversation = line.hello.conversation
            del self._lines[conversation][line.peer]
            self._tell_who(conversation)
            if not self._lines[conversation]:
                del self._lines[conversation]

    def connect(self, line: Line, signal: Signal) -> None:
        """Passes a signal on; one to a session that has just left goes nowhere.

        Raises Refused: NOT_SENDING, CONSENT_REQUIRED, TOO_FAST.
        """
        if line.peer is None or line.peer not in self._rates:
            raise Refused(ErrorCode.NOT_SENDING, "this session has no links; say hello with links: true to get some")
        if not self._rates[line.peer].take(1, monotonic()):
            message = f"more than {_SIGNALS_PER_SECOND} signals a second; send fewer, with all candidates in one"
            raise Refused(ErrorCode.TOO_FAST, message)
        other = self._lines[line.hello.conversation].get(signal.to)
        if other is None:
            return
        if not (line.sends or other.sends):
            message = "neither of the two sends anything: a link needs one who takes part, with consent"
            raise Refused(ErrorCode.CONSENT_REQUIRED, message)
        other.tell(SignalEvent(sender=line.peer, data=signal.data))

    def _tell_who(self, conversation: str) -> None:
        lines = self._lines[conversation]
        known = tuple(
            PeerSession(id=peer, participant=line.hello.participant if line.sends else None)
            for peer, line in lines.items()
        )
        for line in tuple(lines.values()):
            line.tell(Peers(peers=known))


def new_peer() -> str:
    """An id that nobody can guess."""
    return f"p{secrets.token_hex(8)}"
