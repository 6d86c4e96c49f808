"""The engine's one worker thread: what is queued together and alike runs as one batch."""

import asyncio
import threading
from asyncio import Future
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast

from engine.errors import EngineBusy
from engine.queueing import Lane

Job = TypeVar("Job")
Result = TypeVar("Result")

_WAIT: Final = 0.002  # seconds that a lone job waits for others' while other dialogues are active
_RECENT: Final = 8  # jobs: who none of them was for is not active


@dataclass(frozen=True, slots=True, eq=False)
class Stage(Generic[Job, Result]):
    """A kind of work. run: a batch of jobs to a result for each, or the error that a job met; most: jobs in a batch."""

    run: Callable[[Sequence[Job]], Sequence[Result | Exception]]
    most: int


@dataclass(slots=True, eq=False)
class _Task:
    """answer, over: of the event loop that asked. over: made by who was cancelled while the job was under way."""

    stage: Stage[Any, Any]
    job: Any
    answer: Future[Any]
    owner: Hashable = None
    patient: bool = True
    topic: Hashable = None
    settled: bool = False
    over: Future[None] | None = None

    @property
    def line(self) -> Hashable:
        """In whose line it stands: its owner's, or one of its own."""
        return self if self.owner is None else self.owner


class Worker:
    """Runs jobs in one thread, in batches of one stage; at most `limit` jobs are queued.

    Patient jobs (finals) go before the impatient ones (glances, faces) of other owners. Among equals owners take turns.
    What one owner asked of one stage runs in its order.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._finals: Lane[_Task] = Lane()
        self._glances: Lane[_Task] = Lane()
        self._outside: deque[_Task] = deque()  # finals that wait for room in the queue
        self._recent: deque[Hashable] = deque(maxlen=_RECENT)
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="undertone-engine", daemon=True)
        self._thread.start()

    async def run(
        self,
        stage: Stage[Job, Result],
        job: Job,
        *,
        patient: bool,
        owner: Hashable = None,
        topic: Hashable = None,
    ) -> Result:
        """The result of one job. owner: the dialogue it is for; None: one of its own.

        When the queue is full, a patient job takes an impatient one's place or waits for room; an impatient one gets
        EngineBusy. So does a queued impatient one when a newer one of the same owner, stage and topic comes.
        Cancelled: a job that has not begun is dropped; one under way is waited for, so that nothing happens later.
        """
        loop = asyncio.get_running_loop()
        task = _Task(stage, job, loop.create_future(), owner, patient, topic)
        self._put(task)
        try:
            return cast(Result, await task.answer)
        except asyncio.CancelledError:
            if not self._forget(task) and not task.settled:
                task.over = loop.create_future()
                await task.over
            raise

    def close(self) -> None:
        """Finish the batch under way and stop; who still waits gets RuntimeError."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _put(self, task: _Task) -> None:
        with self._changed:
            if self._closed:
                raise RuntimeError("the engine is closed")
            if task.patient:
                self._admit(task)
            else:
                self._try(task)
            self._changed.notify()

    def _admit(self, task: _Task) -> None:
        """A patient job comes in, at the cost of an impatient one where there is no room for both."""
        if self._full and self._glances and not self._outside:
            _refuse(self._glances.shift(), f"{self._limit} jobs are waiting in the engine, and a final came")
        if self._full or self._outside:
            self._outside.append(task)
        else:
            self._enter(task)

    def _enter(self, task: _Task) -> None:
        """A patient job is queued; what its owner asked of the same stage before goes along, in front of it."""
        for earlier in [t for t in self._glances.of(task.line) if t.stage is task.stage]:
            self._glances.remove(task.line, earlier)
            self._finals.push(task.line, earlier)
        self._finals.push(task.line, task)

    def _try(self, task: _Task) -> None:
        """An impatient job comes in, in place of an older one of its kind or where there is room."""
        old = next((t for t in self._glances.of(task.line) if _same(t, task)), None)
        if old is not None and not self._outside:
            self._glances.push(task.line, task)  # first, so that its owner's turn is kept
            self._glances.remove(task.line, old)
            _refuse(old, "a newer glance took its place")
        elif self._full:
            raise EngineBusy(f"{self._limit} jobs are waiting in the engine: try again later")
        else:
            self._glances.push(task.line, task)

    def _forget(self, task: _Task) -> bool:
        """Give back the room of a job that nobody waits for; whether it was still queued."""
        with self._changed:
            if task in self._outside:
                self._outside.remove(task)
                return True
            found = self._finals.remove(task.line, task) or self._glances.remove(task.line, task)
            self._let_in()
            return found

    @property
    def _queued(self) -> int:
        return len(self._finals) + len(self._glances)

    @property
    def _full(self) -> bool:
        return self._queued >= self._limit

    def _let_in(self) -> None:
        while self._outside and not self._full:
            self._enter(self._outside.popleft())

    def _work(self) -> None:
        while batch := self._take():
            _finish(batch, run_apart(batch[0].stage, [task.job for task in batch]))
        with self._changed:
            left = [*self._finals.clear(), *self._glances.clear(), *self._outside]
            self._outside.clear()
        _finish(left, [RuntimeError("the engine was closed") for _ in left])

    def _take(self) -> list[_Task]:
        """The next batch; empty when the worker is closed."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._closed or self._queued)
                if self._alone():
                    self._changed.wait_for(lambda: self._closed or self._queued > 1, _WAIT)
                if self._closed:
                    return []
                if not self._queued:
                    continue
                lane = self._finals or self._glances
                batch = lane.take(lambda task: task.stage, lambda task: int(task.stage.most))
                self._let_in()
                self._recent.extend(task.owner for task in batch if task.owner is not None)
                return batch

    def _alone(self) -> bool:
        """Whether one dialogue's job is all there is to do, though not all that was done of late was for it."""
        if self._queued != 1:
            return False
        task = (self._finals or self._glances).first()
        return task.owner is not None and any(other is not task.owner for other in self._recent)


def _same(one: _Task, other: _Task) -> bool:
    return other.topic is not None and one.topic == other.topic and one.stage is other.stage


def _refuse(task: _Task, why: str) -> None:
    _finish([task], [EngineBusy(why)])


def run_apart(stage: Stage[Job, Result], jobs: Sequence[Job]) -> Sequence[Result | Exception]:
    """Run a batch. If it fails as a whole, each job runs alone, so that a bad one harms no other."""
    try:
        return stage.run(jobs)
    except Exception as error:
        return [error] if len(jobs) == 1 else [run_apart(stage, [job])[0] for job in jobs]


def _finish(batch: Sequence[_Task], results: Sequence[Any]) -> None:
    """Tell who asked, all of one event loop at once: to wake it costs more than to answer."""
    answered: dict[asyncio.AbstractEventLoop, list[tuple[_Task, Any]]] = {}
    for task, result in zip(batch, results, strict=True):
        answered.setdefault(task.answer.get_loop(), []).append((task, result))
    for loop, pairs in answered.items():
        with suppress(RuntimeError):  # a loop that is closed has nobody left who waits
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(answered: Sequence[tuple[_Task, Any]]) -> None:
    """In the event loop that asked."""
    for task, result in answered:
        task.settled = True
        if task.over is not None and not task.over.done():
            task.over.set_result(None)
        if task.answer.done():  # its caller was cancelled
            continue
        if isinstance(result, Exception):
            task.answer.set_exception(result)
        else:
            task.answer.set_result(result)
