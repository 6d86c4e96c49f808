"""The event log: numbers without gaps, resume, and slow readers that harm nobody."""

import asyncio

import pytest

from streamer.errors import Refused
from streamer.log import EventLog, SlowReader
from streamer.protocol import ErrorCode, Event, FacesEvent, Pong, Speech


def _speech(at: float) -> Speech:
    return Speech(participant="ada", state="started", at=at)


async def _read(events: object, count: int) -> list[Event]:
    read: list[Event] = []
    async for event in events:  # type: ignore[attr-defined]
        read.append(event)
        if len(read) == count:
            break
    return read


async def test_events_are_numbered_from_one_without_gaps() -> None:
    log = EventLog("c", ring=10, queue=10)
    events = log.subscribe(None)
    for at in range(3):
        log.publish(_speech(at))
    assert [event.seq for event in await _read(events, 3)] == [1, 2, 3]


async def test_a_private_event_carries_the_last_number_and_is_never_sent_again() -> None:
    log = EventLog("c", ring=10, queue=10)
    log.publish(_speech(0))
    assert log.private(Pong(nonce=1)).seq == 1
    log.publish(_speech(1))
    assert [event.seq for event in await _read(log.subscribe(0), 2)] == [1, 2]


async def test_resume_gives_exactly_what_was_missed_and_then_goes_on() -> None:
    log = EventLog("c", ring=10, queue=10)
    for at in range(5):
        log.publish(_speech(at))
    events = log.subscribe(3)
    log.publish(_speech(5))
    assert [event.seq for event in await _read(events, 3)] == [4, 5, 6]


async def test_faces_are_told_but_not_kept_so_that_they_push_no_words_out() -> None:
    log = EventLog("c", ring=2, queue=10)
    live = log.subscribe(None)
    log.publish(_speech(0))
    for at in range(5):
        log.publish(FacesEvent(participant="ada", at=at, faces=(), latency_ms=1))
    log.publish(_speech(9))
    assert [event.seq for event in await _read(live, 7)] == [1, 2, 3, 4, 5, 6, 7]
    assert [event.seq for event in await _read(log.subscribe(0), 2)] == [1, 7]


@pytest.mark.parametrize("after", [3, 10, 99])
async def test_resume_after_what_is_not_kept_is_refused_by_name(after: int) -> None:
    log = EventLog("c", ring=4, queue=10)
    for at in range(9):
        log.publish(_speech(at))
    with pytest.raises(Refused, match="gone or never were") as refused:
        log.subscribe(after)
    assert refused.value.code is ErrorCode.RESUME_GONE


async def test_a_slow_reader_is_cut_off_and_the_others_miss_nothing() -> None:
    log = EventLog("c", ring=100, queue=4)
    slow, fast = log.subscribe(None), log.subscribe(None)
    for at in range(6):
        log.publish(_speech(at))
        assert (await _read(fast, 1))[0].seq == at + 1
    with pytest.raises(SlowReader):
        await _read(slow, 10)
    assert log.watched


async def test_closing_lets_readers_finish_what_is_queued() -> None:
    log = EventLog("c", ring=10, queue=10)
    events = log.subscribe(None)
    log.publish(_speech(0))
    log.close()
    assert len(await asyncio.wait_for(_read(events, 5), 1)) == 1
    assert not log.watched


async def test_what_is_told_after_a_place_waits_until_it_is_filled() -> None:
    log = EventLog("c", ring=16, queue=16)
    reader = log.subscribe(None)
    log.publish(_speech(1))
    first, second = log.hold(), log.hold()
    log.publish(_speech(4))
    second.publish(_speech(3))
    second.close()
    assert [event.seq for event in await _read(reader, 1)] == [1]
    first.publish(_speech(2))
    first.close()
    log.publish(_speech(5))
    log.close()
    assert [event.body async for event in reader] == [_speech(at) for at in (2, 3, 4, 5)]


async def test_a_restored_log_tells_what_was_told_before_and_goes_on_after_the_last_place() -> None:
    earlier = EventLog("c", ring=16, queue=16)
    for at in (1, 2):
        earlier.publish(_speech(at))
    told = await _read(earlier.subscribe(0), 2)
    log = EventLog("c", ring=16, queue=16)
    reader = log.subscribe(None)
    await log.restore(told)
    log.publish(_speech(1))
    place = log.hold()
    log.publish(_speech(3))
    place.last_told = True
    place.close()
    log.close()
    events = [event async for event in reader]
    assert events[:2] == told
    assert [(event.seq, event.body) for event in events] == [(at, _speech(at)) for at in (1, 2, 3)]
