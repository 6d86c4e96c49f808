"""The events of one conversation: numbered, kept in a bounded ring, handed to every subscriber in order."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from time import monotonic, time

from streamer.errors import Refused
from streamer.protocol import Body, ErrorCode, Event, FacesEvent


class SlowReader(Exception):
    """A subscriber fell further behind than its queue holds; it has been cut off so that nobody else waits for it."""


class Subscription:
    """One reader of a log. Iterate over it; it ends when the log closes, and raises SlowReader after an overflow."""

    def __init__(self, log: "EventLog", missed: list[Event], limit: int, *, watching: bool) -> None:
        self.watching = watching
        self._log = log
        self._queue: deque[Event] = deque(missed)
        self._limit = limit + len(missed)
        self._wake = asyncio.Event()
        self._overflowed = False
        self._closed = False

    def offer(self, event: Event) -> None:
        """Takes an event; past its bound the subscription is cut off and takes no more."""
        if len(self._queue) >= self._limit:
            self._overflowed = True
            self._queue.clear()
            self.close()
        else:
            self._queue.append(event)
            self._wake.set()

    def close(self) -> None:
        """Ends the iteration once what is queued has been read."""
        self._closed = True
        self._log.forget(self)
        self._wake.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            while self._queue:
                yield self._queue.popleft()
            if self._overflowed:
                raise SlowReader(f"more than {self._limit} events behind")
            if self._closed:
                return
            self._wake.clear()
            await self._wake.wait()


class EventLog:
    """Numbers events from 1. For the event loop's thread alone. `left_at`: when a subscriber last left, monotonic."""

    def __init__(self, conversation: str, ring: int, queue: int) -> None:
        self._conversation = conversation
        self._ring: deque[Event] = deque(maxlen=ring)
        self._queue = queue
        self._last = 0
        self._gone = 0
        self._subscribers: set[Subscription] = set()
        self._closed = False
        self.left_at = monotonic()

    @property
    def watched(self) -> bool:
        """Whether anybody watches it."""
        return any(subscriber.watching for subscriber in self._subscribers)

    def publish(self, body: Body) -> Event:
        """Numbers a body, hands it to everyone, and keeps it for resume, but for faces: an old box is of no use."""
        self._last += 1
        event = self.private(body)
        if not isinstance(body, FacesEvent):
            if len(self._ring) == self._ring.maxlen:
                self._gone = self._ring[0].seq
            self._ring.append(event)
        for subscriber in tuple(self._subscribers):
            subscriber.offer(event)
        return event

    def erase(self, body: Body) -> Event:
        """Keeps none of what was published until now, only this body that says so, whatever a reader resumes after."""
        self._ring.clear()
        self._gone = 0
        return self.publish(body)

    def private(self, body: Body) -> Event:
        """An event for one session alone: it carries the last number and is not kept."""
        return Event(seq=self._last, conversation=self._conversation, time=time(), body=body)

    def subscribe(self, after: int | None, *, watching: bool = True) -> Subscription:
        """From now on, or from what follows `after`. Raises Refused(RESUME_GONE) where that is no longer kept.

        watching: whether this reader counts as somebody for whom the conversation stays open.
        """
        missed: list[Event] = []
        if after is not None:
            if not self._gone <= after <= self._last:
                kept = f"resume after {self._gone} to {self._last}, or without resume_after"
                raise Refused(ErrorCode.RESUME_GONE, f"events after {after} are gone or never were; {kept}")
            missed = [event for event in self._ring if event.seq > after]
        subscription = Subscription(self, missed, self._queue, watching=watching)
        self._subscribers.add(subscription)
        if self._closed:
            subscription.close()
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Stops handing events to a subscription."""
        self._subscribers.discard(subscription)
        if subscription.watching:
            self.left_at = monotonic()

    def close(self) -> None:
        """Ends every subscription once it has read what is queued."""
        self._closed = True
        for subscriber in tuple(self._subscribers):
            subscriber.close()
