"""The worker thread: batches, bounds, cancellation."""

import asyncio
import threading
from collections.abc import Iterator, Sequence

import pytest

from engine.errors import EngineBusy
from engine.worker import Stage, Worker

WAIT = 10.0


class Gate:
    """A stage that adds one, but only once it is opened; it notes its batches. A negative job fails its batch."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Event(), threading.Event()
        self.batches: list[list[int]] = []
        self.stage = Stage(self.run, 4)

    def run(self, jobs: Sequence[int]) -> list[int | Exception]:
        self.begun.set()
        assert self.open.wait(WAIT)
        if min(jobs) < 0:
            raise ValueError("negative")
        self.batches.append(list(jobs))
        return [job + 1 for job in jobs]

    async def until_begun(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, WAIT)


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(limit=6)
    yield worker
    worker.close()


async def queued(worker: Worker, gate: Gate, jobs: Sequence[int]) -> list[asyncio.Task[int]]:
    """The first job under way, behind the closed gate, and the rest waiting in order."""
    tasks = [asyncio.create_task(worker.run(gate.stage, jobs[0], patient=True))]
    await gate.until_begun()
    tasks += [asyncio.create_task(worker.run(gate.stage, job, patient=True)) for job in jobs[1:]]
    await asyncio.sleep(0)
    return tasks


async def test_what_waits_together_runs_as_one_batch_in_order(worker: Worker) -> None:
    gate = Gate()
    tasks = await queued(worker, gate, [0, 1, 2, 3, 4, 5])
    gate.open.set()
    assert await asyncio.gather(*tasks) == [1, 2, 3, 4, 5, 6]
    assert gate.batches == [[0], [1, 2, 3, 4], [5]]


async def test_stages_are_not_mixed(worker: Worker) -> None:
    gate, other = Gate(), Gate()
    tasks = await queued(worker, gate, [0, 1])
    tasks.append(asyncio.create_task(worker.run(other.stage, 7, patient=True)))
    tasks.append(asyncio.create_task(worker.run(gate.stage, 2, patient=True)))
    await asyncio.sleep(0)
    gate.open.set()
    other.open.set()
    assert await asyncio.gather(*tasks) == [1, 2, 8, 3]
    assert gate.batches == [[0], [1, 2]]


async def test_a_full_queue_refuses_the_impatient_and_keeps_the_patient_waiting(worker: Worker) -> None:
    gate = Gate()
    tasks = await queued(worker, gate, range(7))
    with pytest.raises(EngineBusy):
        await worker.run(gate.stage, 100, patient=False)
    patient = asyncio.create_task(worker.run(gate.stage, 200, patient=True))
    await asyncio.sleep(0)
    gate.open.set()
    assert await asyncio.wait_for(patient, WAIT) == 201
    assert await asyncio.gather(*tasks) == list(range(1, 8))


async def test_a_cancelled_job_that_had_not_begun_never_runs(worker: Worker) -> None:
    gate = Gate()
    tasks = await queued(worker, gate, [0, 1, 2])
    tasks[1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]
    gate.open.set()
    assert await tasks[2] == 3
    assert gate.batches == [[0], [2]]


async def test_a_cancelled_job_under_way_is_over_when_its_caller_is_told(worker: Worker) -> None:
    gate = Gate()
    (task,) = await queued(worker, gate, [0])
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gate.batches == [[0]]


async def test_a_job_that_fails_harms_no_other_in_its_batch(worker: Worker) -> None:
    gate = Gate()
    tasks = await queued(worker, gate, [0, 1, -1, 2])
    gate.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [r for r in results if not isinstance(r, BaseException)] == [1, 2, 3]
    assert isinstance(results[2], ValueError)


async def test_closing_fails_what_waits_and_refuses_what_comes() -> None:
    worker, gate = Worker(limit=6), Gate()
    under_way, waiting = await queued(worker, gate, [0, 1])
    closing = asyncio.create_task(asyncio.to_thread(worker.close))
    refused = None
    while refused is None:  # until the closing thread has had its turn
        late = asyncio.create_task(worker.run(gate.stage, 2, patient=False))
        done, _ = await asyncio.wait({late}, timeout=0.01)
        refused = late.exception() if done else None
        late.cancel()
    assert isinstance(refused, RuntimeError)
    gate.open.set()
    await closing
    assert await under_way == 1
    with pytest.raises(RuntimeError, match="closed"):
        await waiting


async def test_an_event_loop_that_is_closed_meanwhile_takes_nobody_with_it(worker: Worker) -> None:
    gate, gone = Gate(), asyncio.new_event_loop()

    def leave() -> None:
        left = gone.create_task(worker.run(gate.stage, 0, patient=True))
        gone.run_until_complete(gate.until_begun())
        gone.run_until_complete(gone.shutdown_default_executor())
        gone.close()
        left._log_destroy_pending = False  # type: ignore[attr-defined]  # nobody tells it what became of its job

    await asyncio.to_thread(leave)
    waiting = asyncio.create_task(worker.run(gate.stage, 1, patient=True))
    await asyncio.sleep(0)
    gate.open.set()
    assert await asyncio.wait_for(waiting, WAIT) == 2
