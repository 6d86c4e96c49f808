"""The order of finals: utterances extend a dialogue in the order in which they closed in media time."""

import asyncio
import heapq
import itertools
from dataclasses import dataclass, field


@dataclass(order=True, slots=True)
class Ticket:
    """A place in the order, taken the moment an utterance closes."""

    closed_at: float
    speaker: str
    number: int
    ready: asyncio.Event = field(compare=False, default_factory=asyncio.Event)


class ClosingOrder:
    """Holds a final back until no other track can still close an utterance before it.

    Each track reports how far it has been heard. A track more than `stall` seconds behind the furthest one is not
    waited for, and with `bounded` nobody waits longer than that by the wall clock: a live track may just stop.
    """

    def __init__(self, stall: float, *, bounded: bool) -> None:
        self._stall = stall
        self._bounded = bounded
        self._heard: dict[str, float] = {}
        self._waiting: list[Ticket] = []
        self._numbers = itertools.count()
        self._current: Ticket | None = None

    def heard(self, speaker: str, until: float) -> None:
        """A track has been heard up to this media time; what it closed before then has its ticket already."""
        self._heard[speaker] = until
        self._release()

    def leave(self, speaker: str) -> None:
        """A track has ended and will close nothing more."""
        self._heard.pop(speaker, None)
        self._release()

    def take(self, speaker: str, closed_at: float) -> Ticket:
        """A place for an utterance that has just closed."""
        ticket = Ticket(closed_at, speaker, next(self._numbers))
        heapq.heappush(self._waiting, ticket)
        self._release()
        return ticket

    async def reach(self, ticket: Ticket) -> None:
        """Waits for the ticket's turn: from then until `done` it is alone, and all that closed before it is done."""
        while not ticket.ready.is_set():
            head = self._head()
            try:
                await asyncio.wait_for(ticket.ready.wait(), self._stall if self._bounded else None)
            except TimeoutError:
                if self._current is None and self._head() is head is ticket:
                    self._admit(ticket)

    def done(self, ticket: Ticket) -> None:
        """The utterance is in the dialogue, or never will be: the next one may go."""
        self._waiting.remove(ticket)
        heapq.heapify(self._waiting)
        if self._current is ticket:
            self._current = None
        self._release()

    def _head(self) -> Ticket:
        return self._waiting[0]

    def _admit(self, ticket: Ticket) -> None:
        self._current = ticket
        ticket.ready.set()

    def _release(self) -> None:
        if self._current is not None or not self._waiting:
            return
        first = self._head()
        furthest = max(self._heard.values(), default=first.closed_at)
        if not any(furthest - self._stall <= until < first.closed_at for until in self._heard.values()):
            self._admit(first)
