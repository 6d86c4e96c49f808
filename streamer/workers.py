"""Where work runs: threads for what is heavy, and tasks whose failures are heard."""

import asyncio
import logging
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_log = logging.getLogger(__name__)


class Workers:
    """The streamer's threads, shared by all conversations, and its background tasks.

    Each track has one job at a time in `sight`, and each utterance one in `recognition` and, of mixed sound, one in
    `voices`, so all queues are bounded by the limits on participants and on waiting utterances.
    """

    def __init__(self, recognition: int = 8) -> None:
        self.voices = ThreadPoolExecutor(2, "voices")
        self.sight = ThreadPoolExecutor(2, "sight")
        self.recognition = ThreadPoolExecutor(recognition, "recognition")
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs work in the background; a failure is logged, never lost."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def close(self) -> None:
        """Cancels the tasks, and stops the threads once what they do is done."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for pool in (self.voices, self.sight, self.recognition):
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background work failed", exc_info=error)
