"""All conversations of one server."""

import asyncio
from time import monotonic

from engine import Engine
from streamer.conversation import Conversation
from streamer.errors import Refused
from streamer.load import Load, unhurried
from streamer.metrics import Metrics
from streamer.protocol import ErrorCode, Lag
from streamer.recognise import Recogniser
from streamer.record import ConversationRecord
from streamer.settings import Settings
from streamer.store.library import Library
from streamer.workers import Workers


class Hub:
    """Makes conversations on first use and forgets them when nobody has been there for `linger_seconds`.

    Owns its threads and the library; the engine and the recogniser are its maker's to close. For the event loop's
    thread alone. library: where what is final is kept; None keeps nothing.
    """

    def __init__(
        self,
        engine: Engine,
        recogniser: Recogniser,
        settings: Settings | None = None,
        metrics: Metrics | None = None,
        library: Library | None = None,
    ) -> None:
        self.engine = engine
        self.recogniser = recogniser
        self.settings = settings or Settings()
        self.metrics = metrics or Metrics()
        self.library = library
        self.closing = False
        self._workers = Workers()
        live, behind, calm = self.settings.live, self.settings.behind_seconds, self.settings.calm_seconds
        self._load = Load(behind, calm, self._tell_effort) if live else unhurried()
        self._conversations: dict[str, Conversation] = {}

    @property
    def conversations(self) -> tuple[Conversation, ...]:
        """Those that are open now."""
        self._forget_idle()
        return tuple(self._conversations.values())

    def find(self, id: str) -> Conversation | None:
        """An open conversation, or None."""
        self._forget_idle()
        return self._conversations.get(id)

    def conversation(self, id: str, title: str | None = None) -> Conversation:
        """The conversation of this name, made on first use. Raises Refused: SERVER_FULL, SHUTTING_DOWN.

        title: what the library calls it, until somebody renames it; the name if left out.
        """
        if self.closing:
            raise Refused(ErrorCode.SHUTTING_DOWN, "the server is shutting down; reconnect in a moment")
        self._forget_idle()
        if id not in self._conversations:
            limit = self.settings.max_conversations
            if len(self._conversations) >= limit:
                raise Refused(ErrorCode.SERVER_FULL, f"the server has its {limit} conversations; try again later")
            self._conversations[id] = made = Conversation(
                id, self.engine, self.recogniser, self._workers, self.metrics, self.settings, self._load
            )
            if self.library is not None:
                head = ConversationRecord(id=id, bundle=self.engine.bundle.name, recogniser=self.recogniser.name)
                self.library.follow(made, head, title, self.metrics)
        return self._conversations[id]

    async def forget(self, id: str) -> None:
        """Erases all that was said in an open conversation, in the library too, and keeps nothing more of it.

        Raises StoreError where the library could not erase it; then nothing is forgotten.
        """
        if (conversation := self.find(id)) is not None:
            if self.library is not None:
                await self.library.forget(conversation)
            await conversation.forget()

    def keeps(self, conversation: Conversation) -> bool:
        """Whether what is said in it goes into the library."""
        return self.library is not None and conversation.kept

    async def close(self) -> None:
        """Takes no new conversation, finishes and keeps utterances within `drain_seconds`, and frees everything."""
        self.closing = True
        until = monotonic() + self.settings.drain_seconds
        leaving = [asyncio.ensure_future(conversation.drain()) for conversation in self.conversations]
        if leaving:
            await asyncio.wait(leaving, timeout=self.settings.drain_seconds)
        for conversation in self.conversations:
            conversation.close()
        self._conversations.clear()
        if self.library is not None:
            await self.library.close(until - monotonic())
        await self._workers.close()

    def _tell_effort(self, seconds: float) -> None:
        effort = self._load.effort
        self.metrics.given_up(self._load.given_up)
        rate = effort.pictures * self.settings.faces_per_second
        for conversation in self.conversations:
            conversation.publish(
                Lag(seconds=seconds, dropped={}, faces_per_second=rate, provisional=effort.provisional)
            )

    def _forget_idle(self) -> None:
        for id, conversation in tuple(self._conversations.items()):
            if conversation.idle() > self.settings.linger_seconds:
                conversation.close()
                del self._conversations[id]
