"""One utterance under way: from the onset through provisional readings and a speculative finish to the final one."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import numpy as np
import numpy.typing as npt

from engine import Dialogue, Encoded, EngineBusy, Reading, Utterance
from engine.labels import Emotion
from engine.utterance import MIN_AUDIO_SECONDS, SAMPLE_RATE
from streamer.audio import Samples
from streamer.hearing import Hearing
from streamer.listener import Close
from streamer.log import EventLog
from streamer.metrics import Metrics
from streamer.order import ClosingOrder, Ticket
from streamer.protocol import EmotionEvent, ModalityShare, TranscriptEvent, Word
from streamer.recognise import Recogniser, Transcript
from streamer.workers import Workers

Crops = npt.NDArray[np.uint8]
NO_WORDS: Final = Transcript("", ())


@dataclass(slots=True)
class Stage:
    """What the utterances of one conversation share. Forgetting the conversation changes its dialogue."""

    dialogue: Dialogue
    recogniser: Recogniser
    workers: Workers
    order: ClosingOrder
    log: EventLog
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Prepared:
    """An utterance recognised and encoded, with what that took."""

    transcript: Transcript
    encoded: Encoded | None
    recognise_ms: float
    encode_ms: float


class Turn:
    """Publishes one utterance's transcript and emotion events; revisions rise, and nothing follows the final one."""

    def __init__(self, stage: Stage, utterance: str, speaker: str, start: float) -> None:
        self.start = start
        self.glanced = start
        self._stage = stage
        self._id = utterance
        self._speaker = speaker
        self._revision = 0
        self._settled = False
        self._words = True
        self._hearing: Hearing | None = None
        self._ahead: asyncio.Task[Prepared] | None = None
        self._guessed_at: float | None = None
        self._glancing: asyncio.Task[None] | None = None

    def hear(self, pcm: Samples) -> None:
        """More of the speaker's voice."""
        if self._hearing is None:
            self._hearing = self._new_hearing()
        self._hearing.feed(pcm)

    def glance(self, end: float, pcm: Samples, crops: Crops | None) -> None:
        """Begins a provisional reading of what there is so far; skipped while the last one is still under way."""
        if self._glancing is None or self._glancing.done():
            self._glancing = self._stage.workers.start(self._glance(end, pcm, crops))

    def speculate(self, end: float, pcm: Samples, crops: Crops | None) -> None:
        """The speaker fell silent: recognise and encode as if for good, and read that provisionally."""
        self._cancel_guess()
        self._guessed_at = perf_counter()
        self._ahead = asyncio.create_task(self._prepare(pcm, crops))
        self._glancing = self._stage.workers.start(self._tell_guess(self._ahead, end))

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

    def settle(self, close: Close, crops: Crops | None, arrived: tuple[float, float]) -> Awaitable[None]:
        """The utterance is over. Takes its place in the dialogue's order at once; await the rest.

        arrived: wall times at which the end of the voice and the closing frame came in.
        """
        return self._settle(close, crops, self._stage.order.take(self._speaker, close.at), arrived)

    async def _settle(self, close: Close, crops: Crops | None, ticket: Ticket, arrived: tuple[float, float]) -> None:
        stage = self._stage
        try:
            asked, guessed_at, self._guessed_at = perf_counter(), self._guessed_at, None
            if self._ahead is None:
                self._ahead = asyncio.create_task(self._prepare(close.pcm, crops))
            prepared = await self._ahead
            if guessed_at is not None:
                # Begun now, it would have taken as long as it did; but no more can be saved than it was begun earlier.
                took = prepared.recognise_ms + prepared.encode_ms
                stage.metrics.guess_stood(min(took, 1e3 * (asked - guessed_at)))
            waited = perf_counter()
            await stage.order.reach(ticket)
            fused = perf_counter()
            reading = await stage.dialogue.observe(prepared.encoded) if prepared.encoded else None
            now = perf_counter()
            self._settled = True
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

    async def _prepare(self, pcm: Samples, crops: Crops | None) -> Prepared:
        began = perf_counter()
        transcript = await self._recognise(pcm) if self._words else NO_WORDS
        recognised = perf_counter()
        utterance = self._utterance(transcript.text, pcm, crops)
        encoded = await self._stage.dialogue.encode(utterance) if utterance else None
        done = perf_counter()
        return Prepared(transcript, encoded, 1e3 * (recognised - began), 1e3 * (done - recognised))

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
        utterance = self._utterance(text, pcm, crops)
        if utterance:
            await self._tell(utterance, Transcript(text, ()), end, began)

    async def _tell_guess(self, ahead: "asyncio.Task[Prepared]", end: float) -> None:
        began = perf_counter()
        prepared = await ahead
        if prepared.encoded:
            await self._tell(prepared.encoded, prepared.transcript, end, began)

    async def _tell(self, utterance: Utterance | Encoded, transcript: Transcript, end: float, began: float) -> None:
        try:
            reading = await self._stage.dialogue.glance(utterance)
        except EngineBusy:
            self._stage.metrics.dropped("provisional")
            return
        if not self._settled:
            self._publish_words(transcript, end, final=False)
            self._publish_reading(reading, end, {"computed": 1e3 * (perf_counter() - began)}, final=False)

    def _utterance(self, text: str, pcm: Samples, crops: Crops | None) -> Utterance | None:
        audio = pcm if len(pcm) >= MIN_AUDIO_SECONDS * SAMPLE_RATE else None
        if audio is None and crops is None and not text.strip():
            return None
        return Utterance(self._speaker, text=text.strip() or None, audio=audio, faces=crops)

    def _publish_words(self, transcript: Transcript, end: float, *, final: bool) -> None:
        words = tuple(
            Word(text=word.text, start=_seconds(self.start + word.start), end=_seconds(self.start + word.end))
            for word in transcript.words
        )
        self._stage.log.publish(
            TranscriptEvent(
                utterance=self._id,
                participant=self._speaker,
                start=_seconds(self.start),
                end=_seconds(end),
                final=final,
                draft=self._stage.recogniser.draft,
                text=transcript.text,
                words=words,
            )
        )

    def _publish_reading(self, reading: Reading, end: float, latency: dict[str, float], *, final: bool) -> None:
        self._revision += 1
        self._stage.log.publish(
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
                latency_ms={stage: round(ms, 1) for stage, ms in latency.items()},
            )
        )
        if final:
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
