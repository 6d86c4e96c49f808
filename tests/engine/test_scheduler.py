"""The order of work: finals first, dialogues in turn, stale glances gone; and every job ends once, come what may."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineBusy
from engine.queueing import Lane
from engine.worker import Stage, Worker

WAIT = 10.0
LIMIT = 5


@dataclass(eq=False)
class Job:
    """owner, number: whose, and the how manieth; bad: fails, alone or with its batch."""

    owner: str
    number: int
    final: bool
    bad: bool = False


@dataclass
class Desk:
    """A stage that notes what it ran, and stops at a gate."""

    ran: list[list[Job]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.stage = Stage(self.run, 3)

    def run(self, jobs: Sequence[Job]) -> list[Job | Exception]:
        self.begun.set()
        assert self.gate.wait(WAIT)
        if any(job.bad for job in jobs):
            raise ValueError("bad")
        self.ran.append(list(jobs))
        return list(jobs)

    @property
    def order(self) -> list[Job]:
        return [job for batch in self.ran for job in batch]


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(LIMIT)
    yield worker
    worker.close()


def send(worker: Worker, desk: Desk, job: Job, topic: str | None = None) -> asyncio.Task[Job]:
    return asyncio.create_task(worker.run(desk.stage, job, patient=job.final, owner=job.owner, topic=topic))


async def behind(worker: Worker, desk: Desk, jobs: Sequence[Job], topic: str | None = None) -> list[asyncio.Task[Job]]:
    """All jobs queued, in their order, behind one that is under way."""
    first = send(worker, desk, Job("someone", 0, final=True))
    assert await asyncio.to_thread(desk.begun.wait, WAIT)
    tasks = [send(worker, desk, job, topic) for job in jobs]
    await asyncio.sleep(0)
    desk.gate.set()
    await first
    return tasks


async def test_finals_go_before_the_glances_of_other_dialogues(worker: Worker) -> None:
    desk = Desk()
    jobs = [Job("ab"[i > 1], i, final=i > 1) for i in range(4)]
    await asyncio.gather(*await behind(worker, desk, jobs))
    assert [job.number for job in desk.order[1:]] == [2, 3, 0, 1]


async def test_a_glance_that_came_before_its_dialogues_final_is_answered_before_it(worker: Worker) -> None:
    desk = Desk()
    jobs = [Job("b", 0, final=False), Job("a", 1, final=False), Job("a", 2, final=True)]
    await asyncio.gather(*await behind(worker, desk, jobs))
    assert [job.number for job in desk.order[1:]] == [1, 2, 0]


async def test_a_dialogue_with_many_jobs_makes_no_other_wait_for_all_of_them(worker: Worker) -> None:
    desk = Desk()
    jobs = [*(Job("a", i, final=True) for i in range(4)), Job("b", 0, final=True)]
    await asyncio.gather(*await behind(worker, desk, jobs))
    assert [(job.owner, job.number) for job in desk.ran[1]] == [("a", 0), ("b", 0), ("a", 1)]


async def test_a_newer_glance_takes_the_place_of_the_one_that_waits(worker: Worker) -> None:
    desk = Desk()
    jobs = [Job("a", 0, final=False), Job("b", 0, final=False), Job("a", 1, final=False)]
    old, other, new = await asyncio.gather(*await behind(worker, desk, jobs, "ann"), return_exceptions=True)
    assert isinstance(old, EngineBusy)
    assert str(old) == "a newer glance took its place"
    assert (other, new) == (jobs[1], jobs[2])
    assert desk.order[1:] == [jobs[2], jobs[1]]


async def test_a_final_takes_the_place_of_a_glance_where_there_is_no_room_for_both(worker: Worker) -> None:
    desk = Desk()
    jobs = [*(Job("a", i, final=False) for i in range(LIMIT)), Job("b", 0, final=True)]
    ended = await asyncio.gather(*await behind(worker, desk, jobs), return_exceptions=True)
    assert [type(end) for end in ended] == [EngineBusy, *[Job] * LIMIT]
    assert desk.order[1].final


async def test_a_cancelled_job_gives_its_room_back(worker: Worker) -> None:
    desk = Desk()
    first = send(worker, desk, Job("a", 0, final=True))
    assert await asyncio.to_thread(desk.begun.wait, WAIT)
    waiting = [send(worker, desk, Job("a", i, final=True)) for i in range(1, LIMIT + 1)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.wait([waiting[0]])
    glance = send(worker, desk, Job("b", 0, final=False))
    await asyncio.sleep(0)
    desk.gate.set()
    await asyncio.gather(first, glance, *waiting[1:])


@dataclass(frozen=True)
class Arrival:
    """A job that comes after so many turns of the loop, and is perhaps cancelled so many turns later."""

    job: Job
    pause: int
    cancelled: int | None


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    def arrival(number: int) -> Arrival:
        job = Job(
            draw(st.sampled_from("abc")), number, draw(st.booleans()), draw(st.sampled_from([False] * 3 + [True]))
        )
        return Arrival(job, draw(st.integers(0, 2)), draw(st.sampled_from([None, None, 0, 1, 3])))

    return [arrival(number) for number in range(draw(st.integers(0, 30)))]


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def live(worker: Worker, desk: Desk, coming: Sequence[Arrival]) -> list[object]:
    """How each arrival's job ended."""

    async def one(arrival: Arrival) -> object:
        task = send(worker, desk, arrival.job, "topic")
        if arrival.cancelled is not None:
            await turns(arrival.cancelled)
            task.cancel()
        return (await asyncio.gather(task, return_exceptions=True))[0]

    under_way = []
    for arrival in coming:
        await turns(arrival.pause)
        under_way.append(asyncio.create_task(one(arrival)))
        assert worker._queued <= LIMIT
    return await asyncio.wait_for(asyncio.gather(*under_way), WAIT)


@settings(max_examples=60, deadline=None)
@given(coming=arrivals())
def test_every_job_ends_once_in_order_and_no_final_is_lost(coming: list[Arrival]) -> None:
    desk, worker = Desk(), Worker(LIMIT)
    desk.gate.set()
    try:
        ends = asyncio.run(live(worker, desk, coming))
    finally:
        worker.close()
    assert len(desk.order) == len(set(desk.order))
    for owner in "abc":
        numbers = [job.number for job in desk.order if job.owner == owner]
        assert numbers == sorted(numbers)
    for arrival, end in zip(coming, ends, strict=True):
        assert ended_well(arrival, end, done=arrival.job in desk.order), (arrival, end)


def ended_well(arrival: Arrival, end: object, *, done: bool) -> bool:
    match end:
        case asyncio.CancelledError():
            return arrival.cancelled is not None
        case EngineBusy():
            return not arrival.job.final and not done
        case ValueError():
            return arrival.job.bad and not done
        case _:
            return end is arrival.job and done


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xy"), st.integers(1, 4)), max_size=40))
def test_a_lane_serves_who_is_next_and_keeps_each_ones_order(pushed: list[tuple[str, str, int]]) -> None:
    lane: Lane[tuple[str, str, int]] = Lane()
    items = [(owner, kind, number) for number, (owner, kind, _) in enumerate(pushed)]
    for item in items:
        lane.push(item[0], item)
    served = []
    while lane:
        first = lane.first()
        taken = lane.take(lambda item: item[1], lambda item: pushed[item[2]][2])
        assert taken[0] == first
        assert {item[1] for item in taken} == {first[1]}
        assert len(taken) <= pushed[first[2]][2]
        served += taken
    assert sorted(served, key=lambda item: item[2]) == items
    for owner in "abcd":
        assert [i for i in served if i[0] == owner] == [i for i in items if i[0] == owner]
