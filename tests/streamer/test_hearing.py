"""Recognition off the loop: frames of one size in order, one call at a time, every recognition finished."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from streamer.audio import FRAME, Samples
from streamer.hearing import Hearing
from streamer.recognise import Recognition, Transcript


class Notebook:
    """A recogniser that writes down what it is given; named a fake: what is tested is the feeding."""

    name = "notebook"
    draft = False
    streams = True

    def __init__(self) -> None:
        self.frames: list[Samples] = []
        self.finished = 0
        self.inside = 0
        self.most_inside = 0
        self.go_on = threading.Event()
        self.go_on.set()

    def open(self) -> Recognition:
        return self

    def expect(self, speakers: int) -> None:
        """Nothing to make."""

    def close(self) -> None:
        """Nothing to close."""

    def feed(self, pcm: Samples) -> None:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        assert self.go_on.wait(5)
        self.frames.append(pcm)
        self.inside -= 1

    def partial(self) -> str:
        return f"{len(self.frames)} frames"

    def finish(self) -> Transcript:
        self.finished += 1
        return Transcript(f"{len(self.frames)} frames", ())


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


async def test_all_sound_arrives_in_order_in_frames_of_20_ms(pool: ThreadPoolExecutor) -> None:
    notebook = Notebook()
    hearing = Hearing(notebook, pool)
    sound = np.arange(40 * FRAME, dtype=np.float32)
    for first in range(0, len(sound), 4 * FRAME):
        hearing.feed(sound[first : first + 4 * FRAME])
        await asyncio.sleep(0)
    assert (await hearing.finish()).text == "40 frames"
    assert {len(frame) for frame in notebook.frames} == {FRAME}
    assert np.array_equal(np.concatenate(notebook.frames), sound)
    assert hearing.heard == len(sound)


async def test_whoever_stops_asking_the_recognition_has_one_call_at_a_time(pool: ThreadPoolExecutor) -> None:
    notebook = Notebook()
    hearing = Hearing(notebook, pool)
    notebook.go_on.clear()
    hearing.feed(np.zeros(FRAME, np.float32))
    asked = asyncio.create_task(hearing.partial())
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.wait([asked])
    hearing.feed(np.zeros(FRAME, np.float32))
    ending = asyncio.create_task(hearing.finish())
    await asyncio.sleep(0)
    notebook.go_on.set()
    assert (await asyncio.wait_for(ending, 5)).text == "2 frames"
    assert notebook.most_inside == 1


async def test_an_abandoned_recognition_is_finished_once(pool: ThreadPoolExecutor) -> None:
    notebook = Notebook()
    hearing = Hearing(notebook, pool)
    hearing.feed(np.zeros(FRAME, np.float32))
    await hearing.abandon()
    await hearing.abandon()
    assert notebook.finished == 1
