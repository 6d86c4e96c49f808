"""One conversation being kept: from its events to the library."""

import logging
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from functools import partial
from time import time

from streamer.conversation import Conversation
from streamer.errors import Refused
from streamer.log import SlowReader
from streamer.metrics import Metrics
from streamer.protocol import EmotionEvent, Event, Lag, SpeakersEvent, TranscriptEvent
from streamer.record import ConversationRecord, UtteranceRecord
from streamer.store.errors import NotKept
from streamer.store.store import Store
from streamer.store.writer import Job, Writer

_log = logging.getLogger(__name__)


class Recording:
    """Keeps every final reading with its words. The conversation is in the library from the first one on.

    head: what is known of the conversation before anything is said.
    """

    def __init__(
        self,
        conversation: Conversation,
        head: ConversationRecord,
        title: str | None,
        store: Store,
        writer: Writer,
        metrics: Metrics,
    ) -> None:
        self.conversation = conversation
        self._head = head
        self._title = title
        self._store = store
        self._writer = writer
        self._metrics = metrics
        self._said: TranscriptEvent | None = None
        # What follows is the writer's and `forget`'s, under the lock.
        self._lock = threading.Lock()
        self._id: str | None = None
        self._forgotten = False

    async def run(self) -> None:
        """Follows the conversation until it closes."""
        async for event in self._events():
            match event.body:
                case TranscriptEvent(final=True) as said:
                    self._said = said
                case EmotionEvent(final=True) as reading:
                    self._keep(reading)
                case SpeakersEvent(utterances=changed):
                    self._put(partial(self._correct, changed))

    def forget(self) -> None:
        """Deletes what is kept of the conversation and keeps nothing more of it. Blocks. Raises StoreError."""
        with self._lock:
            self._forgotten = True
            if self._id is not None:
                with suppress(NotKept):
                    self._store.delete(self._id)

    async def _events(self) -> AsyncIterator[Event]:
        """All of them: a reader that is cut off because the process stood still reads on where it was."""
        seen: int | None = 0
        while True:
            try:
                async for event in self.conversation.subscribe(seen, watching=False):
                    seen = event.seq
                    yield event
            except SlowReader:
                continue
            except Refused:
                _log.error("conversation '%s' went on too fast for all of it to be kept", self.conversation.id)
                seen = None
                continue
            return

    def _keep(self, reading: EmotionEvent) -> None:
        said = self._said if self._said is not None and self._said.utterance == reading.utterance else None
        utterance = UtteranceRecord.of(reading, said)
        if self._head.began is None:
            self._head = self._head.model_copy(update={"began": time() - self.conversation.now()})
        self._put(lambda: self._write(utterance))

    def _put(self, job: Job) -> None:
        if not self._writer.put(job):
            self._metrics.dropped("kept")
            self.conversation.publish(Lag(seconds=0.0, dropped={"kept": 1}))

    def _write(self, utterance: UtteranceRecord) -> None:
        with self._lock:
            if self._forgotten:
                return
            if self._id is None:
                begun = self._head.model_copy(update={"utterances": (utterance,)})
                self._id = self._store.begin(begun, self._title)
            elif not self._store.add(self._id, utterance):
                self._forgotten = True  # Somebody deleted it while it goes on.

    def _correct(self, speakers: Mapping[str, str]) -> None:
        with self._lock:
            if self._id is not None and not self._forgotten:
                self._store.give(self._id, speakers)
