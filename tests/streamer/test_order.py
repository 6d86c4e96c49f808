"""Finals go into a dialogue in the order in which utterances closed, whoever is ready first."""

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.order import ClosingOrder


async def _commit(order: ClosingOrder, speaker: str, closed_at: float, done: list[tuple[float, str]]) -> None:
    ticket = order.take(speaker, closed_at)
    try:
        await order.reach(ticket)
        await asyncio.sleep(0)
        done.append((closed_at, speaker))
    finally:
        order.done(ticket)


async def test_an_utterance_waits_for_a_track_that_may_still_close_an_earlier_one() -> None:
    order, done = ClosingOrder(stall=0.5, bounded=False), list[tuple[float, str]]()
    order.heard("a", 1.0)
    order.heard("b", 0.8)
    first = asyncio.create_task(_commit(order, "a", 1.0, done))
    await asyncio.sleep(0)
    second = asyncio.create_task(_commit(order, "b", 0.9, done))
    await asyncio.sleep(0)
    order.heard("b", 1.0)
    await asyncio.wait_for(asyncio.gather(first, second), 1)
    assert done == [(0.9, "b"), (1.0, "a")]


async def test_a_track_that_stalled_is_not_waited_for() -> None:
    order, done = ClosingOrder(stall=0.5, bounded=False), list[tuple[float, str]]()
    order.heard("a", 9.0)
    order.heard("b", 0.0)
    await asyncio.wait_for(_commit(order, "a", 9.0, done), 1)
    assert done == [(9.0, "a")]


async def test_live_a_track_that_falls_silent_for_good_holds_others_up_for_no_longer_than_the_stall() -> None:
    order, done = ClosingOrder(stall=0.02, bounded=True), list[tuple[float, str]]()
    order.heard("a", 1.0)
    order.heard("b", 0.99)
    await asyncio.wait_for(_commit(order, "a", 1.0, done), 1)
    assert done == [(1.0, "a")]


async def test_a_track_that_leaves_is_waited_for_no_longer() -> None:
    order, done = ClosingOrder(stall=0.5, bounded=False), list[tuple[float, str]]()
    order.heard("a", 1.0)
    order.heard("b", 0.9)
    waiting = asyncio.create_task(_commit(order, "a", 1.0, done))
    await asyncio.sleep(0)
    assert not done
    order.leave("b")
    await asyncio.wait_for(waiting, 1)


async def test_a_cancelled_utterance_gives_up_its_place() -> None:
    order, done = ClosingOrder(stall=0.5, bounded=False), list[tuple[float, str]]()
    order.heard("a", 2.0)
    order.heard("b", 1.9)
    first = asyncio.create_task(_commit(order, "a", 2.0, done))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    order.heard("b", 3.0)
    await asyncio.wait_for(_commit(order, "b", 3.0, done), 1)
    assert done == [(3.0, "b")]


@settings(max_examples=60, deadline=None)
@given(
    closings=st.lists(st.tuples(st.integers(1, 40), st.sampled_from("abc")), unique=True, min_size=1, max_size=12),
    order_of_arrival=st.randoms(use_true_random=False),
)
def test_whatever_the_tracks_jitter_the_order_is_that_of_media_time(
    closings: list[tuple[int, str]], order_of_arrival: random.Random
) -> None:
    async def run() -> list[tuple[float, str]]:
        order, done = ClosingOrder(stall=100, bounded=False), list[tuple[float, str]]()
        tracks = {name: sorted(at for at, who in closings if who == name) for name in "abc"}
        for name in tracks:
            order.heard(name, 0)
        tasks = []
        while any(tracks.values()):
            name = order_of_arrival.choice([name for name, left in tracks.items() if left])
            at = tracks[name].pop(0)
            tasks.append(asyncio.create_task(_commit(order, name, at, done)))
            await asyncio.sleep(0)
            order.heard(name, at)
            await asyncio.sleep(0)
        for name in tracks:
            order.heard(name, 50)
        await asyncio.wait_for(asyncio.gather(*tasks), 2)
        return done

    assert asyncio.run(run()) == sorted((float(at), who) for at, who in closings)
