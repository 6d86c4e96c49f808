"""One conversation: who is in it, the dialogue that they share, and its events."""

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from time import monotonic

from engine import Encoded, Engine, EngineFull
from streamer.errors import Refused
from streamer.listener import Ear
from streamer.load import Load
from streamer.log import EventLog, Subscription
from streamer.metrics import Metrics
from streamer.order import ClosingOrder
from streamer.participant import Participant
from streamer.protocol import Body, ErrorCode, Event, Forgotten, Participants
from streamer.recognise import Recogniser
from streamer.settings import Settings
from streamer.turn import Memo, Stage
from streamer.turns import KnownTurns
from streamer.voices import Voices
from streamer.workers import Workers


class Conversation:
    """Made by the hub. The dialogue's memory is taken when the first participant joins, so that watching costs none."""

    def __init__(
        self,
        id: str,
        engine: Engine,
        recogniser: Recogniser,
        workers: Workers,
        metrics: Metrics,
        settings: Settings,
        load: Load,
    ) -> None:
        self.id = id
        self._engine = engine
        self._recogniser = recogniser
        self._workers = workers
        self._metrics = metrics
        self._settings = settings
        self._load = load
        self._log = EventLog(id, settings.ring_events, settings.subscriber_events)
        hold = None if settings.live else self._log.hold
        self._order = ClosingOrder(settings.stall_seconds, bounded=settings.live, hold=hold)
        self._stage: Stage | None = None
        self._participants: dict[str, Participant] = {}
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
        self._voices: dict[str, Voices] = {}
        self._began: float | None = None
        self._left_at = monotonic()
        self.kept = True
        """Whether the library may keep what is said; never again once it was forgotten."""

    def now(self) -> float:
        """Seconds since the first participant joined; 0 before."""
        return 0.0 if self._began is None else monotonic() - self._began

    @property
    def participants(self) -> tuple[str, ...]:
        """Who is in it now."""
        return tuple(self._participants)

    def idle(self) -> float:
        """For how many seconds nobody has taken part or watched."""
        if self._participants or self._log.watched:
            return 0.0
        return monotonic() - max(self._left_at, self._log.left_at)

    async def join(
        self,
        name: str,
        *,
        origin: float | None = None,
        mixed: bool = False,
        ear: Ear | None = None,
        turns: KnownTurns | None = None,
        seen_with: Participant | None = None,
    ) -> Participant:
        """Adds a participant; `origin` is the conversation's time of its media time 0, now if left out.

        mixed: several people speak in its sound, and are told apart.
        ear, turns, seen_with: as `Participant` takes them.
        Raises Refused: PARTICIPANT_TAKEN, CONVERSATION_FULL or SERVER_FULL.
        """
        if name in self._participants:
            message = f"'{name}' is in conversation '{self.id}' already; choose another participant name"
            raise Refused(ErrorCode.PARTICIPANT_TAKEN, message)
        limit = self._settings.max_participants
        if len(self._participants) >= limit:
            message = f"conversation '{self.id}' has its {limit} participants; join without one to watch"
            raise Refused(ErrorCode.CONVERSATION_FULL, message)
        stage = self._shared()
        if self._began is None:
            self._began = monotonic()
        start = self.now() if origin is None else origin
        participant = Participant(
            name,
            start,
            stage,
            self._engine,
            self._settings,
            self._numbers[name],
            ear=ear,
            turns=turns,
            voices=self._voices.setdefault(name, Voices(name)) if mixed else None,
            seen_with=seen_with,
        )
        self._participants[name] = participant
        self._expect(1)
        self._order.heard(name, start)
        self._tell_who()
        return participant

    async def go_on(self, memo: Memo, memory: Iterable[tuple[str, Encoded]], events: Iterable[Event]) -> None:
        """Keeps what is answered in a memo, and goes on from one that an earlier run has left.

        memory, events: what that run had observed and told. Called before anybody joins. Raises Refused(SERVER_FULL).
        """
        stage = self._shared()
        stage.memo = memo
        for turn, (utterance, encoded) in enumerate(memory):
            await stage.dialogue.recall(encoded)
            stage.said.append((turn, utterance))
        await self._log.restore(events)

    async def leave(self, participant: Participant) -> None:
        """Finishes and answers what the participant is saying, then takes it out."""
        try:
            await participant.leave()
        finally:
            if self._participants.get(participant.name) is participant:
                del self._participants[participant.name]
                self._expect(-1)
                self._left_at = monotonic()
                self._tell_who()

    async def mute(self, participant: Participant, muted: bool) -> None:
        """Stops or restarts listening to one participant and tells everyone."""
        await participant.mute(muted)
        self._tell_who()

    async def pause(self, participant: Participant, paused: bool) -> None:
        """Stops or restarts all analysis of one participant and tells everyone."""
        await participant.pause(paused)
        self._tell_who()

    async def forget(self) -> None:
        """Erases the dialogue's memory and the events kept for resume, and tells everyone to do the same.

        At once, and again once what was being said has been answered.
        """
        self.kept = False
        self._log.erase(Forgotten())
        async with AsyncExitStack() as held:
            for participant in tuple(self._participants.values()):
                await held.enter_async_context(participant.holding())
            if self._stage is not None:
                # The slot that is given back is free for the new dialogue, which finds it wiped.
                self._stage.dialogue.close()
                self._stage.dialogue = self._engine.open()
                self._stage.said.clear()
            for voices in self._voices.values():
                voices.forget()
            self._log.erase(Forgotten())
            self._tell_who()

    def subscribe(self, after: int | None = None, *, watching: bool = True) -> Subscription:
        """The conversation's events from now, or from what follows `after`. Raises Refused(RESUME_GONE).

        watching: whether this reader counts as somebody for whom the conversation stays open.
        """
        return self._log.subscribe(after, watching=watching)

    def publish(self, body: Body) -> Event:
        """Sends an event to everyone in the conversation."""
        return self._log.publish_now(body)

    def private(self, body: Body) -> Event:
        """An event for one session alone: it carries the last number and is not kept."""
        return self._log.private(body)

    async def drain(self) -> None:
        """Lets every participant finish and leave."""
        await asyncio.gather(*(self.leave(participant) for participant in tuple(self._participants.values())))

    def close(self) -> None:
        """Ends all subscriptions and frees the dialogue's memory. Participants have left before, or are stopped."""
        for participant in self._participants.values():
            participant.stop()
        self._expect(-len(self._participants))
        self._participants.clear()
        self._log.close()
        if self._stage is not None:
            self._stage.dialogue.close()

    def _shared(self) -> Stage:
        if self._stage is None:
            try:
                dialogue = self._engine.open()
            except EngineFull as error:
                raise Refused(ErrorCode.SERVER_FULL, str(error)) from error
            self._stage = Stage(
                dialogue,
                self._recogniser,
                self._workers,
                self._order,
                self._log,
                self._metrics,
                self._load,
                said=deque(maxlen=self._engine.bundle.fusion.config.window),
                live=self._settings.live,
            )
        return self._stage

    def _expect(self, speakers: int) -> None:
        # A file's utterances are recognised one after the other, whoever speaks.
        if self._settings.live and speakers:
            self._workers.recognition.submit(self._recogniser.expect, speakers)

    def _tell_who(self) -> None:
        muted = tuple(name for name, participant in self._participants.items() if participant.muted)
        paused = tuple(name for name, participant in self._participants.items() if participant.paused)
        self._log.publish(Participants(present=tuple(self._participants), muted=muted, paused=paused))
