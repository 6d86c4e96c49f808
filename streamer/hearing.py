"""Recognition of one utterance, off the event loop: audio goes in as it comes, words come out."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

import numpy as np

from streamer.audio import FRAME, Samples
from streamer.recognise import Recogniser, Recognition, Transcript

_T = TypeVar("_T")
_BATCH = 10 * FRAME


class Hearing:
    """Feeds one recognition in order, one call at a time, in frames of 20 ms whatever the chunks were.

    What waits is bounded by the longest utterance: the segmenter splits it. `heard` counts the samples fed.
    """

    def __init__(self, recogniser: Recogniser, pool: Executor) -> None:
        self._recogniser = recogniser
        self._pool = pool
        self._recognition: Recognition | None = None
        self._pending: list[Samples] = []
        self._lock = asyncio.Lock()
        self._ahead: asyncio.Task[None] | None = None
        self._over = False
        self.heard = 0

    def feed(self, pcm: Samples) -> None:
        """Takes audio, float32 at 16 kHz; it is recognised in the background from 200 ms on."""
        self._pending.append(pcm)
        self.heard += len(pcm)
        if sum(map(len, self._pending)) >= _BATCH and (self._ahead is None or self._ahead.done()):
            self._ahead = asyncio.create_task(self._run(lambda _: None))

    async def partial(self) -> str:
        """The words so far, rough."""
        return await self._run(lambda recognition: recognition.partial())

    async def finish(self) -> Transcript:
        """All words of the utterance. Call it once, last."""
        self._over = True
        return await self._run(lambda recognition: recognition.finish())

    async def abandon(self) -> None:
        """Lets go of the recognition; what it heard is thrown away."""
        if not self._over:
            self._pending.clear()
            await self.finish()

    async def _run(self, ask: Callable[[Recognition], _T]) -> _T:
        # Who asks may be cancelled; the thread can't be, and holds the lock, and its lent decoder, to the end.
        return await asyncio.shield(asyncio.ensure_future(self._alone(ask)))

    async def _alone(self, ask: Callable[[Recognition], _T]) -> _T:
        async with self._lock:
            pending, self._pending = self._pending, []
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._work, pending, ask)

    def _work(self, pending: list[Samples], ask: Callable[[Recognition], _T]) -> _T:
        if self._recognition is None:
            self._recognition = self._recogniser.open()
        if pending:
            pcm = np.concatenate(pending)
            for first in range(0, len(pcm), FRAME):
                self._recognition.feed(pcm[first : first + FRAME])
        return ask(self._recognition)
