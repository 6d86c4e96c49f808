"""The engine's one worker thread: what is queued together and alike runs as one batch."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from engine.errors import EngineBusy

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class Stage(Generic[Job, Result]):
    """A kind of work. run: a batch of jobs to a result for each, or the error that a job met; most: jobs in a batch."""

    run: Callable[[Sequence[Job]], Sequence[Result | Exception]]
    most: int


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    stage: Stage[Any, Any]
    job: Any
    future: Future[Any]


class Worker:
    """Runs jobs in one thread, oldest first, together with queued ones of the same stage. At most `limit` jobs wait."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tasks: deque[_Task] = deque()
        self._waiting: list[Future[None]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="undertone-engine", daemon=True)
        self._thread.start()

    async def run(self, stage: Stage[Job, Result], job: Job, *, patient: bool) -> Result:
        """The result of one job. When the queue is full, a patient caller waits for room, another gets EngineBusy.

        Cancelled: a job that has not begun is dropped; one under way is waited for, so that nothing happens later.
        """
        task = _Task(stage, job, Future())
        while (room := self._put(task)) is not None:
            if not patient:
                raise EngineBusy(f"{self._limit} jobs are waiting in the engine: try again later")
            await asyncio.wrap_future(room)
        try:
            return await asyncio.wrap_future(task.future)
        except asyncio.CancelledError:
            if not task.future.cancel():
                await asyncio.gather(asyncio.wrap_future(task.future), return_exceptions=True)
            raise

    def close(self) -> None:
        """Finish the batch under way and stop; who still waits gets RuntimeError."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _put(self, task: _Task) -> Future[None] | None:
        """Queue a task; or, if there is no room, a future that is done when there may be."""
        with self._changed:
            if self._closed:
                raise RuntimeError("the engine is closed")
            if len(self._tasks) < self._limit:
                self._tasks.append(task)
                self._changed.notify()
                return None
            self._waiting.append(room := Future[None]())
            return room

    def _work(self) -> None:
        while batch := self._take():
            _finish(batch, _run(batch[0].stage, [task.job for task in batch]))
        with self._changed:
            for task in self._tasks:
                if task.future.set_running_or_notify_cancel():
                    task.future.set_exception(RuntimeError("the engine was closed"))
            self._tasks.clear()
            self._make_room()

    def _take(self) -> list[_Task]:
        """The oldest task and those like it; empty when the worker is closed."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._closed or self._tasks)
                if self._closed:
                    return []
                stage = self._tasks[0].stage
                batch = [task for task in self._tasks if task.stage is stage][: stage.most]
                taken = set(map(id, batch))
                self._tasks = deque(task for task in self._tasks if id(task) not in taken)
                self._make_room()
                if alive := [task for task in batch if task.future.set_running_or_notify_cancel()]:
                    return alive

    def _make_room(self) -> None:
        waiting, self._waiting = self._waiting, []
        for room in waiting:
            if room.set_running_or_notify_cancel():
                room.set_result(None)


def _run(stage: Stage[Any, Any], jobs: Sequence[Any]) -> Sequence[Any]:
    """Run a batch. If it fails as a whole, each job runs alone, so that a bad one harms no other."""
    try:
        return stage.run(jobs)
    except Exception as error:
        return [error] if len(jobs) == 1 else [_run(stage, [job])[0] for job in jobs]


def _finish(batch: Sequence[_Task], results: Sequence[Any]) -> None:
    for task, result in zip(batch, results, strict=True):
        if isinstance(result, Exception):
            task.future.set_exception(result)
        else:
            task.future.set_result(result)
