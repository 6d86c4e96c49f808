"""What is given up when the machine can't keep up, in which order, and that it comes back by itself."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engine import Engine, FaceReading
from engine.bundle import Bundle
from streamer.audio import FRAME
from streamer.hub import Hub
from streamer.load import EFFORTS, Effort, Load
from streamer.log import Subscription
from streamer.participant import Participant
from streamer.protocol import Body, EmotionEvent, Lag
from streamer.recognise import load_recogniser
from streamer.settings import Settings
from tests.bundles import write_tiny_bundle
from tests.voices import speak

LATE = 0.4


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def windows(load: Load, clock: Clock, count: int, took: float) -> None:
    """So many half seconds, in each of which a step of this length ends."""
    for _ in range(count):
        clock.at += 0.5
        load.took(took)


@pytest.fixture
def face() -> npt.NDArray[np.uint8]:
    """A picture of one face."""
    data = pytest.importorskip("skimage.data", reason="scikit-image is not installed (extra 'sample')")
    return np.ascontiguousarray(data.astronaut()[:300, 50:400])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[float]:
    return []


@pytest.fixture
def load(clock: Clock, told: list[float]) -> Load:
    return Load(LATE, 5.0, told.append, clock)


def test_pictures_are_given_up_first_and_then_provisional_readings() -> None:
    assert EFFORTS[0] == Effort(1.0, provisional=True)
    assert [effort.pictures for effort in EFFORTS] == sorted((effort.pictures for effort in EFFORTS), reverse=True)
    assert [effort.provisional for effort in EFFORTS] == [True] * (len(EFFORTS) - 1) + [False]


def test_a_machine_that_is_late_gives_up_one_step_after_the_other(load: Load, clock: Clock, told: list[float]) -> None:
    seen = []
    for _ in range(6):
        windows(load, clock, 1, LATE)
        seen.append(load.given_up)
    assert seen == [0, 1, 2, 3, 3, 3]
    assert told == [LATE] * 3


def test_it_recovers_step_by_step_once_all_is_quick_again(load: Load, clock: Clock, told: list[float]) -> None:
    windows(load, clock, 6, LATE)
    seen = []
    for _ in range(4):
        windows(load, clock, 10, 0.01)
        seen.append(load.given_up)
    assert seen == [2, 1, 0, 0]
    assert told == [LATE] * 3 + [0.0] * 3


def test_between_late_and_calm_it_stays_as_it_is(load: Load, clock: Clock) -> None:
    windows(load, clock, 2, LATE)
    assert load.given_up == 1
    windows(load, clock, 100, 0.6 * LATE)
    assert load.given_up == 1


def test_one_long_step_alone_gives_nothing_up(load: Load, clock: Clock, told: list[float]) -> None:
    for _ in range(5):
        windows(load, clock, 1, 10 * LATE)
        windows(load, clock, 1, 0.01)
    assert told == []


class SlowEngine(Engine):
    """A real engine whose faces take as long as they are told to: a stand-in for a machine that is too slow."""

    slow = True

    async def faces(self, crops: npt.NDArray[np.uint8]) -> list[FaceReading]:
        if self.slow:
            await asyncio.sleep(LATE)
        return await super().faces(crops)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SlowEngine]:
    with SlowEngine(Bundle.load(write_tiny_bundle(tmp_path / "tiny")), device="cpu") as engine:
        yield engine


async def bodies(events: Subscription) -> list[Body]:
    events.close()
    return [event.body async for event in events]


async def test_a_conversation_is_told_and_finals_alone_still_come(
    engine: SlowEngine, face: npt.NDArray[np.uint8]
) -> None:
    hub = Hub(engine, load_recogniser("none"), Settings(behind_seconds=LATE, calm_seconds=600, audio_queue_seconds=600))
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    events = conversation.subscribe(0)
    await look_until(ada, face, lambda: hub._load.given_up == len(EFFORTS) - 1)
    pcm = np.concatenate([speak("that is very sad"), np.zeros(16_000, np.float32)])
    for first in range(0, len(pcm), FRAME):
        ada.audio(first / 16_000, pcm[first : first + FRAME])
    await conversation.leave(ada)
    told = await bodies(events)
    rates = [(body.faces_per_second, body.provisional) for body in told if isinstance(body, Lag)]
    assert rates == [(5.0, True), (2.0, True), (2.0, False)]
    assert [body.final for body in told if isinstance(body, EmotionEvent)] == [True]
    assert "undertone_effort_given_up 3.0" in hub.metrics.render().decode()
    await hub.close()


async def test_a_conversation_is_told_when_all_is_done_again(engine: SlowEngine, face: npt.NDArray[np.uint8]) -> None:
    hub = Hub(engine, load_recogniser("none"), Settings(behind_seconds=LATE, calm_seconds=0.1))
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    events = conversation.subscribe(0)
    await look_until(ada, face, lambda: hub._load.given_up > 0)
    engine.slow = False
    await look_until(ada, face, lambda: hub._load.given_up == 0)
    await conversation.leave(ada)
    last = [body for body in await bodies(events) if isinstance(body, Lag)][-1]
    assert (last.seconds, last.faces_per_second, last.provisional) == (0.0, 10.0, True)
    assert "undertone_effort_given_up 0.0" in hub.metrics.render().decode()
    await hub.close()


async def look_until(participant: Participant, face: npt.NDArray[np.uint8], done: Callable[[], bool]) -> None:
    """Shows pictures, one as soon as the last was looked at."""
    async with asyncio.timeout(60):
        time = 0.0
        while not done():
            time += 1.0
            participant.video(time, face)
            await participant.sight.idle()
            await asyncio.sleep(0.02)


async def test_a_file_is_never_hurried(engine: SlowEngine, face: npt.NDArray[np.uint8]) -> None:
    hub = Hub(engine, load_recogniser("none"), Settings(behind_seconds=1e-6, live=False))
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    for time in range(5):
        ada.audio(time * 0.1, np.zeros(5 * FRAME, np.float32))
        ada.video(time * 0.1, face)
        await ada.settled()
    await conversation.leave(ada)
    assert hub._load.given_up == 0
    await hub.close()
