"""One participant: its sound and pictures in, its utterances and faces out."""

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from time import perf_counter

import numpy as np

from engine import Engine
from engine.utterance import SAMPLE_RATE
from streamer.audio import Samples
from streamer.errors import Refused
from streamer.faces import Seen
from streamer.listener import FRAME_SECONDS, Close, Drop, Ear, Heard, Hush, Listener, Onset, Pause, Resume, Voice
from streamer.protocol import Error, ErrorCode, Lag, Speech
from streamer.settings import Settings
from streamer.sight import Picture, Sight
from streamer.turn import Stage, Turn
from streamer.turns import KnownTurns
from streamer.voices import Voices

_BACKWARD_SECONDS = 1.0
_ARRIVALS = 4096


class Participant:
    """The chain of one participant. `audio` and `video` never block; heavy work runs in threads, in order.

    Sound is listened to by one task and pictures by another; each utterance settles in a task of its own.
    numbers: those of its utterances, going on where the same participant left off before.
    ear: what finds its utterances, voice activity if left out. turns: when it speaks, on the conversation's clock,
    where that is known beforehand. voices: tells several people in its sound apart. seen_with: who is in the same
    pictures, and gets them.
    """

    def __init__(
        self,
        name: str,
        origin: float,
        stage: Stage,
        engine: Engine,
        settings: Settings,
        numbers: Iterator[int],
        *,
        ear: Ear | None = None,
        turns: KnownTurns | None = None,
        voices: Voices | None = None,
        seen_with: "Participant | None" = None,
    ) -> None:
        self.name = name
        self.muted = False
        self.paused = False
        self.held = False
        self._origin = origin
        self._stage = stage
        self._settings = settings
        self._turns = turns
        self._voices = voices
        if voices is not None:
            voices.look_anew()
        self._listener = ear or Listener(settings.segmenter, settings.gap_seconds, turns)
        names = voices.faces if voices else dict
        self.sight: Sight = seen_with.sight if seen_with else Sight(name, stage, engine, settings, names)
        self.sight.share(name)
        self._chunks: deque[tuple[float, Samples, float] | None] = deque()
        self._queued_seconds = 0.0
        self._queued_until = origin
        self._arrivals: deque[tuple[float, float]] = deque(maxlen=_ARRIVALS)
        self._turn: Turn | None = None
        self._spoken: list[Samples] = []
        self._numbers = numbers
        self._settling: set[asyncio.Task[None]] = set()
        self._deaf = False
        self._came = asyncio.Event()
        self._progress = asyncio.Condition()
        self._tasks = [stage.workers.start(self._listen())]
        if seen_with is None:
            self._tasks.append(stage.workers.start(self.sight.watch()))

    def audio(self, time: float, pcm: Samples) -> None:
        """Sound, float32 mono at 16 kHz, whose first sample has this media time of the participant's own.

        When more than `audio_queue_seconds` wait, the chunk is dropped, counted, and heard as silence. Raises
        Refused(TIME_WENT_BACK) for sound more than a second older than what came before.
        """
        if self.muted or self.paused or self.held or not len(pcm):
            return
        start, seconds = self._origin + time, len(pcm) / SAMPLE_RATE
        if start < self._queued_until - _BACKWARD_SECONDS:
            behind = self._queued_until - start
            message = (
                f"audio at {time:.3f} s is {behind:.1f} s older than what came before; media time must not go back"
            )
            raise Refused(ErrorCode.TIME_WENT_BACK, message)
        if self._queued_seconds + seconds > self._settings.audio_queue_seconds:
            self._drop("audio", self._queued_seconds)
            return
        self._queued_until = max(self._queued_until, start + seconds)
        arrived = perf_counter()
        self._arrivals.append((start + seconds, arrived))
        self._queue((start, pcm, arrived), seconds)

    def wants_picture(self, time: float) -> bool:
        """Whether `video` would look at a picture of this media time, so that none need be decoded in vain."""
        return not self.paused and self.sight.wants(self._origin + time)

    def video(self, time: float, image: Picture) -> None:
        """A picture, uint8 RGB [H, W, 3], with its media time."""
        if not self.paused:
            self.sight.see(self._origin + time, image)

    def bind(self, whose: Mapping[int, str]) -> None:
        """Whose the faces in its pictures are, by id. Called before the first picture."""
        self.sight.bind(whose)

    def recall(self, seen: Seen) -> None:
        """Goes on from faces that an earlier run has seen. Called before the first picture."""
        self.sight.recall(seen)

    async def mute(self, muted: bool) -> None:
        """Stops or restarts listening: what is under way is finished, sound that comes while muted is thrown away."""
        self.muted = muted
        if muted:
            await self.flush()

    async def pause(self, paused: bool) -> None:
        """Stops or restarts all analysis, of sound and of pictures, likewise."""
        self.paused = paused
        if paused:
            await self.flush()

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        """Within it nothing is under way: what was has been answered, and sound that comes is thrown away."""
        self.held = True
        try:
            await self.flush()
            yield
        finally:
            self.held = False

    async def flush(self) -> None:
        """Ends the utterance under way as silence would, and waits until all is answered."""
        self._queue(None, 0.0)
        await self._until(lambda: not self._chunks)
        await self.sight.flush()
        while self._settling:
            await asyncio.wait(self._settling)

    async def settled(self) -> None:
        """Waits until all that came is listened to and looked at, and few utterances are under way.

        So a file, which comes faster than real time, is held back, and what comes of it does not hang on how fast.
        """
        await self.sight.idle()
        await self._until(lambda: not self._chunks and not self._crowded)

    async def leave(self) -> None:
        """Finishes and answers the utterance under way, then ends the participant."""
        try:
            await self.flush()
        finally:
            self.stop()

    def stop(self) -> None:
        """Ends the participant at once; what is under way is dropped."""
        for task in (*self._tasks, *self._settling):
            task.cancel()
        if self._turn is not None:
            self._turn.abandon()
        self._stage.order.leave(self.name)

    async def _listen(self) -> None:
        try:
            await self._listen_on()
        except Exception:
            self._fail(f"the analysis of '{self.name}' failed and has ended; leave and join again")
            raise
        finally:
            self._deaf = True
            await self._progressed()

    async def _listen_on(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            while self._chunks:
                chunk = self._chunks[0]
                if chunk is None:
                    heard = self._listener.flush()
                else:
                    start, pcm, arrived = chunk
                    # Here and now: that takes less than to hand it to a thread.
                    heard = self._listener.hear(start, pcm)
                    self._stage.load.took(perf_counter() - arrived)
                    self._queued_seconds -= len(pcm) / SAMPLE_RATE
                for one in heard:
                    self._follow(one)
                self._chunks.popleft()
                self._stage.order.heard(self.name, self._listener.until)
                await self._progressed()
                await asyncio.sleep(0)

    def _follow(self, heard: Heard) -> None:
        match heard, self._turn:
            case Onset(start, pcm), _:
                self._begin(
                    Turn(self._stage, f"{self.name}-{next(self._numbers)}", self.name, start, self._voices), pcm
                )
            case Voice(until, pcm), Turn() as turn:
                turn.hear(pcm)
                self._spoken.append(pcm)
                self._provisional(turn, until)
            case Hush(until), Turn() as turn:
                self._provisional(turn, until, anew=True)
            case Pause(start, end, pcm, likely), Turn() as turn if self._settings.live:
                # One that streams is soon done, and can wait until it is likely not to be asked for nothing.
                if likely == self._stage.recogniser.streams:
                    turn.speculate(pcm, self.sight.crops(self.name, start, end - self._tail))
            case Resume(pcm), Turn() as turn:
                turn.resume(pcm)
                self._spoken = [pcm]
            case Close() as close, Turn() as turn:
                self._hush()
                self._stage.log.publish(Speech(participant=self.name, state="ended", at=round(close.spoken, 3)))
                self._settle(turn, close)
            case Drop(start), Turn() as turn:
                self._hush()
                turn.abandon()
                self._stage.log.publish(Speech(participant=self.name, state="ended", at=round(start, 3)))

    def _begin(self, turn: Turn, pcm: Samples) -> None:
        self._turn = turn
        self._spoken = [pcm]
        turn.hear(pcm)
        self.sight.voice(self.name, heard=True)
        self._stage.log.publish(Speech(participant=self.name, state="started", at=round(turn.start, 3)))

    def _hush(self) -> None:
        self._turn = None
        self.sight.voice(self.name, heard=False)

    def _provisional(self, turn: Turn, until: float, *, anew: bool = False) -> None:
        """anew: at once, and in place of one that is under way; else when it is time for one."""
        if not self._settings.live or (not anew and until < turn.glanced + self._settings.provisional_seconds):
            return
        turn.glanced = until
        if self._crowded or not self._stage.load.effort.provisional:
            self._stage.metrics.dropped("provisional")
        else:
            turn.glance(until, np.concatenate(self._spoken), self.sight.crops(self.name, turn.start, until), anew=anew)

    def _settle(self, turn: Turn, close: Close) -> None:
        if len(self._settling) >= self._settings.pending_utterances:
            self._drop("words", self._queued_until - close.at)
            turn.forgo_words()
        if self._turns is not None:
            turn.mark(self._turns.marks(close.start, close.spoken))
        arrived, end = (self._arrived(close.spoken), self._arrived(close.at)), close.end - self._tail
        if self._voices is not None:
            turn.lips(self.sight.talker(close.start, end))
        crops = self.sight.crops(self.name, close.start, end)
        task = self._stage.workers.start(self._answer(turn.settle(close, crops, arrived)))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _answer(self, final: Awaitable[None]) -> None:
        try:
            await final
        except Exception:
            self._fail("an utterance could not be read; the log of the server says why")
            raise
        finally:
            await self._progressed()

    @property
    def _tail(self) -> float:
        return self._settings.segmenter.tail_frames * FRAME_SECONDS

    @property
    def _crowded(self) -> bool:
        return len(self._settling) > self._settings.pending_utterances // 4

    def _queue(self, chunk: tuple[float, Samples, float] | None, seconds: float) -> None:
        self._chunks.append(chunk)
        self._queued_seconds += seconds
        self._came.set()

    def _arrived(self, time: float) -> float:
        index = bisect_left(self._arrivals, time - 1e-6, key=lambda arrival: arrival[0])
        return self._arrivals[min(index, len(self._arrivals) - 1)][1]

    def _drop(self, kind: str, behind: float) -> None:
        self._stage.metrics.dropped(kind)
        self._stage.log.publish(Lag(seconds=max(behind, 0.0), dropped={kind: 1}))

    def _fail(self, message: str) -> None:
        self._stage.log.publish(Error(code=ErrorCode.INTERNAL, message=message, fatal=False))

    async def _until(self, settled: Callable[[], bool]) -> None:
        async with self._progress:
            await self._progress.wait_for(lambda: self._deaf or settled())

    async def _progressed(self) -> None:
        async with self._progress:
            self._progress.notify_all()
