"""The order of finals: utterances extend a dialogue in the order in which they closed in media time."""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from streamer.log import Place


@dataclass(order=True, slots=True)
class Ticket:
    """A place in the order, taken the moment an utterance closes; and, in a replay, its place among the events."""

    closed_at: float
    speaker: str
    number: int
    ready: asyncio.Event = field(compare=False, default_factory=asyncio.Event)
    place: Place | None = field(compare=False, default=None)


class ClosingOrder:
    """Holds a final back until no other track can still close an utterance before it.

    Each track reports how far it has been heard. A track more than `stall` seconds behind the furthest one is not
    waited for, and with `bounded` nobody waits longer than that by the wall clock: a live track may just stop.
    Unbounded, who comes when depends on what was heard alone, never on how fast it was read.
    hold: makes an utterance's place among the events the moment its turn in the order is sure.
    """

    def __init__(self, stall: float, *, bounded: bool, hold: Callable[[], Place] | None = None) -> None:
        self._stall = stall
        self._bounded = bounded
        self._hold = hold
        self._heard: dict[str, float] = {}
        self._waiting: list[Ticket] = []
        self._admitted: deque[Ticket] = deque()
        self._numbers = itertools.count()

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
            was_next = self._is_next(ticket)
            try:
                await asyncio.wait_for(ticket.ready.wait(), self._stall if self._bounded else None)
            except TimeoutError:
                if was_next and self._is_next(ticket):
                    self._admit_first()

    def done(self, ticket: Ticket) -> None:
        """The utterance is in the dialogue, or never will be: the next one may go."""
        if ticket in self._admitted:
            self._admitted.remove(ticket)
        else:
            self._waiting.remove(ticket)
            heapq.heapify(self._waiting)
        if ticket.place is not None:
            ticket.place.close()
        self._release()

    def _is_next(self, ticket: Ticket) -> bool:
        return not self._admitted and self._waiting[0] is ticket

    def _release(self) -> None:
        while self._waiting and not self._may_be_preceded(self._waiting[0]):
            self._admit_first()
        if self._admitted:
            self._admitted[0].ready.set()

    def _may_be_preceded(self, ticket: Ticket) -> bool:
        furthest = max(self._heard.values(), default=ticket.closed_at)
        return any(furthest - self._stall <= until < ticket.closed_at for until in self._heard.values())

    def _admit_first(self) -> None:
        ticket = heapq.heappop(self._waiting)
        ticket.place = self._hold() if self._hold else None
        self._admitted.append(ticket)
        self._admitted[0].ready.set()
