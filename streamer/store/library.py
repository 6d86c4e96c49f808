"""The library of a running server: it keeps what is final of every conversation that it follows."""

import asyncio
import logging
from contextlib import suppress
from typing import Self

from streamer.conversation import Conversation
from streamer.metrics import Metrics
from streamer.protocol import Warning
from streamer.record import ConversationRecord
from streamer.store.errors import StoreError
from streamer.store.recording import Recording
from streamer.store.store import Store
from streamer.store.writer import Writer

_log = logging.getLogger(__name__)
_LEAST_SECONDS = 1.0


class Library:
    """Owns its store. All but the store is for the event loop's thread alone.

    limit: how many utterances may wait while the store can't be written; those after that are counted and told.
    """

    def __init__(self, store: Store, limit: int) -> None:
        self.store = store
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(limit, self._troubled)
        self._following: dict[asyncio.Task[None], Recording] = {}

    @classmethod
    async def open(cls, place: str, limit: int) -> Self:
        """Opens the store at a URL or file. Raises StoreError where it can't be written."""
        store = await asyncio.to_thread(Store.open, place)
        try:
            await asyncio.to_thread(store.check_writable)
        except BaseException:
            store.close()
            raise
        return cls(store, limit)

    def follow(self, conversation: Conversation, head: ConversationRecord, title: str | None, metrics: Metrics) -> None:
        """Keeps this conversation from now on, under a new id. head: what is known of it already."""
        recording = Recording(conversation, head, title, self.store, self._writer, metrics)
        task = asyncio.create_task(recording.run())
        self._following[task] = recording
        task.add_done_callback(self._ended)

    async def forget(self, conversation: Conversation) -> None:
        """Deletes what is kept of an open conversation and keeps nothing more of it. Raises StoreError."""
        for recording in tuple(self._following.values()):
            if recording.conversation is conversation:
                await asyncio.to_thread(recording.forget)

    async def close(self, seconds: float) -> None:
        """Writes what is left, for this long at most, and closes the store. The conversations are closed before."""
        seconds = max(_LEAST_SECONDS, seconds)
        if self._following:
            _, late = await asyncio.wait(tuple(self._following), timeout=seconds)
            for task in late:
                task.cancel()
        if lost := await asyncio.to_thread(self._writer.close, seconds):
            _log.error("%d utterances are not kept: the library at %s could not be written", lost, self.store.place)
        await asyncio.to_thread(self.store.close)

    def _ended(self, task: asyncio.Task[None]) -> None:
        recording = self._following.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("keeping '%s' failed", recording.conversation.id, exc_info=error)
            self._warn(recording, "what follows of this conversation is not kept; the log of the server says why")

    def _troubled(self, error: StoreError) -> None:
        """Called by the writer's thread."""
        with suppress(RuntimeError):  # The loop has ended: nobody is there to be warned.
            self._loop.call_soon_threadsafe(self._warn_all, str(error))

    def _warn_all(self, reason: str) -> None:
        for recording in self._following.values():
            self._warn(recording, f"what is said can't be kept just now, and is tried again: {reason}")

    @staticmethod
    def _warn(recording: Recording, message: str) -> None:
        recording.conversation.publish(Warning(message=message))
