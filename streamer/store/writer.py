"""The one thread that writes to the library, so that nothing live ever waits for a disk."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from streamer.store.errors import StoreError

Job = Callable[[], None]
_FIRST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 1.0
_log = logging.getLogger(__name__)


class Writer:
    """Does jobs in the order in which they came, each until it succeeds: a locked file or a full disk only delays.

    limit: how many jobs may wait. troubled: called from the thread when a job fails for the first time.
    """

    def __init__(self, limit: int, troubled: Callable[[StoreError], None]) -> None:
        self._limit = limit
        self._troubled = troubled
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._work, name="library", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> bool:
        """Takes a job at once; False where too many wait already."""
        with self._changed:
            if self._closing or len(self._jobs) >= self._limit:
                return False
            self._jobs.append(job)
            self._changed.notify()
            return True

    def close(self, seconds: float) -> int:
        """Takes no more, and waits this long for what is left. How many jobs could not be done."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(seconds)
        self._given_up.set()
        return len(self._jobs)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            if self._done(job):
                self._jobs.popleft()

    def _next(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closing)
            return self._jobs[0] if self._jobs and not self._given_up.is_set() else None

    def _done(self, job: Job) -> bool:
        """Whether a job has been done, or never can be; False once the writer is closed before that."""
        wait = 0.0
        while not self._given_up.is_set():
            try:
                job()
            except StoreError as error:
                if not wait:
                    _log.warning("%s; it is tried again", error)
                    self._troubled(error)
                wait = min(_LONGEST_WAIT, 2 * wait or _FIRST_WAIT)
                self._given_up.wait(wait)
                continue
            except Exception:
                _log.exception("something could not be kept")
            if wait:
                _log.warning("the library is written again")
            return True
        return False
