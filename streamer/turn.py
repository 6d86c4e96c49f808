"""One utterance under way: from the onset through provisional readings and a speculative finish to the final one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from engine import Dialogue, Encoded, EngineBusy, Reading, Utterance
from engine.labels import Emotion
from engine.speakers import Print
from engine.utterance import MIN_AUDIO_SECONDS, SAMPLE_RATE
from streamer.audio import Samples
from streamer.hearing import Hearing
from streamer.listener import Close
from streamer.load import Load
from streamer.log import EventLog
from streamer.metrics import Metrics
from streamer.order import ClosingOrder, Ticket
from streamer.protocol import (
    AttendedUtterance,
    Body,
    EmotionEvent,
    Mark,
    ModalityShare,
    SpeakersEvent,
    TranscriptEvent,
    Word,
)
from streamer.recognise import Recogniser, Transcript
from streamer.voices import Voices
from streamer.workers import Workers

Crops = npt.NDArray[np.uint8]
NO_WORDS: Final = Transcript("", ())
_KNOWN_SECONDS: Final = 1.5
"""By less of it a voice is too often taken for a stranger's: provisional readings do not say whose it is before."""


class Memo(Protocol):
    """What a replay keeps of answered utterances, to go on after it was killed."""

    def knows(self, utterance: str) -> bool:
        """Whether it was answered in an earlier run."""
        ...

    def is_last(self, utterance: str) -> bool:
        """Whether it is the last that was."""
        ...

    def keep(self, utterance: str, encoded: Encoded | None) -> None:
        """It is answered now; None where there was too little of it to read."""
        ...


@dataclass(slots=True)
class Stage:
    """What the utterances of one conversation share. Forgetting the conversation changes its dialogue.

    said: the dialogue's last turns, as number and utterance.
    live: encode an utterance as soon as its words are there. Otherwise it is encoded when its turn in the order has
    come, alone: what a batch is made of changes the last digits, and a replay gives the same every time.
    """

    dialogue: Dialogue
    recogniser: Recogniser
    workers: Workers
    order: ClosingOrder
    log: EventLog
    metrics: Metrics
    load: Load
    said: deque[tuple[int, str]]
    live: bool
    memo: Memo | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An utterance recognised and, live, encoded, with what that took; nothing is `said` where there is too little."""

    transcript: Transcript
    said: Utterance | Encoded | None
    heard: Print | None
    recognise_ms: float
    encode_ms: float


class Turn:
    """Publishes one utterance's transcript and emotion events; revisions rise, and nothing follows the final one."""

    def __init__(self, stage: Stage, utterance: str, speaker: str, start: float, voices: Voices | None = None) -> None:
        self.start = start
        self.glanced = start
        self._stage = stage
        self._publish: Callable[[Body], object] = stage.log.publish
        self._id = utterance
        self._speaker = speaker
        self._voices = voices
        self._voice: str | None = None
        self._revision = 0
        self._settled = False
        self._answered = stage.memo is not None and stage.memo.knows(utterance)
        self._words = True
        self._marks: tuple[Mark, ...] = ()
        self._face: int | None = None
        self._hearing: Hearing | None = None
        self._ahead: asyncio.Task[Prepared] | None = None
        self._guessed_at: float | None = None
        self._glancing: asyncio.Task[None] | None = None

    def hear(self, pcm: Samples) -> None:
        """More of the speaker's voice."""
        if self._answered:
            return
        if self._hearing is None:
            self._hearing = self._new_hearing()
        self._hearing.feed(pcm)

    def glance(self, end: float, pcm: Samples, crops: Crops | None, *, anew: bool) -> None:
        """Begins a provisional reading of what there is so far.

        While the last one is still under way it is skipped, or, anew, takes its place.
        """
        if self._glancing is not None and anew:
            self._glancing.cancel()
        if self._glancing is None or anew or self._glancing.done():
            self._glancing = self._stage.workers.start(self._glance(end, pcm, crops))

    def speculate(self, pcm: Samples, crops: Crops | None) -> None:
        """The speaker has most likely ended: recognise and encode as if for good."""
        self._guessed_at = perf_counter()
        self._ahead = asyncio.create_task(self._prepare(pcm, crops))

    def resume(self, pcm: Samples) -> None:
        """The speaker went on: what was guessed is dropped. `pcm` is all of the utterance so far."""
        self._cancel_guess(again=0 if self._hearing else len(pcm))
        self.hear(pcm[self._hearing.heard :] if self._hearing else pcm)

    def abandon(self) -> None:
        """Drops whatever is under way; nothing more is published for this utterance unless it resumes."""
        self._cancel_guess()
        if self._hearing is not None:
            self._stage.workers.start(self._hearing.abandon())
        self._hearing = None

    def forgo_words(self) -> None:
        """Reads the utterance without recognition: there is more of it waiting than can be caught up with."""
        self.abandon()
        self._words = False

    def mark(self, marks: tuple[Mark, ...]) -> None:
        """What makes it hard to read; its final events say so."""
        self._marks = marks

    def lips(self, face: int | None) -> None:
        """The id of the face whose lips moved meanwhile, if one's did: it may be the speaker's."""
        self._face = face

    def settle(self, close: Close, crops: Crops | None, arrived: tuple[float, float]) -> Awaitable[None]:
        """The utterance is over. Takes its place in the dialogue's order at once; await the rest.

        arrived: wall times at which the end of the voice and the closing frame came in.
        """
        ticket = self._stage.order.take(self._speaker, close.at)
        return self._pass(ticket) if self._answered else self._settle(close, crops, ticket, arrived)

    async def _pass(self, ticket: Ticket) -> None:
        """Takes the place in the order of an utterance that an earlier run has answered, and tells nothing twice."""
        try:
            await self._stage.order.reach(ticket)
            if ticket.place is not None and self._stage.memo is not None:
                ticket.place.last_told = self._stage.memo.is_last(self._id)
        finally:
            self._stage.order.done(ticket)

    async def _settle(self, close: Close, crops: Crops | None, ticket: Ticket, arrived: tuple[float, float]) -> None:
        stage = self._stage
        try:
            asked, guessed_at, self._guessed_at = perf_counter(), self._guessed_at, None
            if self._ahead is None:
                self._ahead = asyncio.create_task(self._prepare(close.pcm, crops, close.words))
            prepared = await self._ahead
            if stage.recogniser.streams:
                stage.load.took(1e-3 * (prepared.recognise_ms + prepared.encode_ms))
            if guessed_at is not None:
                # Begun now, it would have taken as long as it did; but no more can be saved than it was begun earlier.
                took = prepared.recognise_ms + prepared.encode_ms
                stage.metrics.guess_stood(min(took, 1e3 * (asked - guessed_at)))
            waited = perf_counter()
            await stage.order.reach(ticket)
            fused = perf_counter()
            said = prepared.said
            if isinstance(said, Utterance):
                said = await stage.dialogue.encode(said)
            said = self._spoken_by(said, prepared.heard, close.spoken - close.start)
            reading = await stage.dialogue.observe(said) if said else None
            now = perf_counter()
            self._settled = True
            if stage.memo is not None:
                stage.memo.keep(self._id, said)
            self._publish = ticket.place.publish if ticket.place else stage.log.publish
            self._publish_words(prepared.transcript, close.end, final=True)
            if reading is not None:
                spoken, closed = arrived
                latency = {
                    "hangover": 1e3 * (closed - spoken),
                    "recognise": prepared.recognise_ms,
                    "encode": prepared.encode_ms,
                    "order": 1e3 * (fused - waited),
                    "fuse": 1e3 * (now - fused),
                    "beyond_hangover": 1e3 * (now - closed),
                    "total": 1e3 * (now - spoken),
                }
                self._publish_reading(reading, close.end, latency, final=True)
        finally:
            stage.order.done(ticket)

    async def _prepare(self, pcm: Samples, crops: Crops | None, words: Transcript | None = None) -> Prepared:
        began = perf_counter()
        hearing = asyncio.ensure_future(self._voices.hear(pcm, self._stage.workers.voices)) if self._voices else None
        transcript = words or (await self._recognise(pcm) if self._words else NO_WORDS)
        heard = await hearing if hearing else None
        recognised = perf_counter()
        self._voice = self._voices.guess(heard) if self._voices else None
        utterance = self._utterance(transcript.text, pcm, crops)
        said: Utterance | Encoded | None = utterance
        if utterance and self._stage.live:
            said = await self._stage.dialogue.encode(utterance)
        done = perf_counter()
        return Prepared(transcript, said, heard, 1e3 * (recognised - began), 1e3 * (done - recognised))

    def _spoken_by(self, said: Encoded | None, heard: Print | None, seconds: float) -> Encoded | None:
        """What is to be fused, by whom it is now known to be said; what that shows of earlier utterances is told."""
        if self._voices is None:
            return said
        self._voice, changed = self._voices.settle(self._id, heard, self._face, seconds)
        if changed:
            self._stage.log.publish(SpeakersEvent(participant=self._speaker, utterances=changed))
        if said is None:
            return None
        return replace(said, utterance=replace(said.utterance, speaker=self._voice or self._speaker))

    async def _recognise(self, pcm: Samples) -> Transcript:
        hearing, self._hearing = self._hearing, None
        if hearing is not None and hearing.heard != len(pcm):
            self._stage.workers.start(hearing.abandon())  # A split: it has heard past the utterance's end.
            hearing = None
        if hearing is None:
            hearing = self._new_hearing()
            hearing.feed(pcm)
        return await hearing.finish()

    def _new_hearing(self) -> Hearing:
        return Hearing(self._stage.recogniser, self._stage.workers.recognition)

    def _cancel_guess(self, again: int = 0) -> None:
        """again: how many samples have to be recognised once more because of it."""
        if self._guessed_at is not None:
            wasted = _worked(self._ahead, since=self._guessed_at)
            self._stage.metrics.guess_dropped(1e3 * wasted, again / SAMPLE_RATE)
            self._guessed_at = None
        for task in (self._ahead, self._glancing):
            if task is not None:
                task.cancel()
        self._ahead = self._glancing = None

    async def _glance(self, end: float, pcm: Samples, crops: Crops | None) -> None:
        began = perf_counter()
        text = await self._hearing.partial() if self._hearing else ""
        if self._voices is not None and self._voice is None and len(pcm) >= _KNOWN_SECONDS * SAMPLE_RATE:
            self._voice = self._voices.guess(await self._voices.hear(pcm, self._stage.workers.voices))
        utterance = self._utterance(text, pcm, crops)
        if utterance:
            await self._tell(utterance, text, end, began)

    async def _tell(self, utterance: Utterance, text: str, end: float, began: float) -> None:
        asked = perf_counter()
        try:
            reading = await self._stage.dialogue.glance(utterance)
        except EngineBusy:
            self._stage.metrics.dropped("provisional")
            return
        now = perf_counter()
        # One that does not stream takes its time for each text, on a machine of any speed.
        self._stage.load.took(now - (began if self._stage.recogniser.streams else asked))
        if not self._settled:
            self._publish_words(Transcript(text, ()), end, final=False)
            self._publish_reading(reading, end, {"computed": 1e3 * (now - began)}, final=False)

    def _utterance(self, text: str, pcm: Samples, crops: Crops | None) -> Utterance | None:
        audio = pcm if len(pcm) >= MIN_AUDIO_SECONDS * SAMPLE_RATE else None
        if audio is None and crops is None and not text.strip():
            return None
        return Utterance(self._voice or self._speaker, text=text.strip() or None, audio=audio, faces=crops)

    def _publish_words(self, transcript: Transcript, end: float, *, final: bool) -> None:
        words = tuple(
            Word(text=word.text, start=_seconds(self.start + word.start), end=_seconds(self.start + word.end))
            for word in transcript.words
        )
        self._publish(
            TranscriptEvent(
                utterance=self._id,
                participant=self._speaker,
                start=_seconds(self.start),
                end=_seconds(end),
                final=final,
                draft=self._stage.recogniser.draft,
                text=transcript.text,
                words=words,
                voice=self._voice,
                marks=self._marks,
            )
        )

    def _publish_reading(self, reading: Reading, end: float, latency: dict[str, float], *, final: bool) -> None:
        self._revision += 1
        said = dict(self._stage.said)
        self._publish(
            EmotionEvent(
                utterance=self._id,
                participant=self._speaker,
                start=_seconds(self.start),
                end=_seconds(end),
                revision=self._revision,
                final=final,
                label=reading.label,
                unsure=reading.unsure,
                probabilities=_shares(reading.probabilities),
                confidence=round(reading.confidence, 4),
                valence=round(reading.valence, 4),
                arousal=round(reading.arousal, 4),
                modalities={
                    modality: ModalityShare(
                        weight=round(alone.weight, 4),
                        label=alone.label,
                        probabilities=_shares(alone.probabilities),
                    )
                    for modality, alone in reading.modalities.items()
                },
                attended=tuple(
                    AttendedUtterance(utterance=said[one.turn], weight=round(one.weight, 4))
                    for one in reading.attended
                    if one.turn in said
                ),
                voice=self._voice,
                marks=self._marks,
                latency_ms={stage: round(ms, 1) for stage, ms in latency.items()},
            )
        )
        if final:
            self._stage.said.append((reading.turn, self._id))
            self._stage.metrics.final(latency)


def _worked(task: "asyncio.Task[Prepared] | None", since: float) -> float:
    """For how many seconds a guess was worked at: until it was done, or until now."""
    if task is not None and task.done() and not task.cancelled() and task.exception() is None:
        prepared = task.result()
        return 1e-3 * (prepared.recognise_ms + prepared.encode_ms)
    return perf_counter() - since


def _seconds(time: float) -> float:
    return round(time, 3)


def _shares(probabilities: Mapping[Emotion, float]) -> dict[Emotion, float]:
    return {emotion: round(share, 4) for emotion, share in probabilities.items()}
