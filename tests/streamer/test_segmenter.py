"""The segmenter: pure, ordered, lossless."""

from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.audio import FRAME, AudioBuffer, Reframer
from streamer.segmenter import (
    Dropped,
    Ended,
    Ending,
    Hushed,
    Paused,
    Resumed,
    Segmenter,
    SegmenterConfig,
    SegmentEvent,
    Started,
)

SMALL = SegmenterConfig(
    onset_frames=2,
    onset_window=3,
    preroll_frames=3,
    hush_frames=1,
    tail_frames=2,
    ending_frames=4,
    hangover_frames=5,
    min_frames=4,
    max_frames=40,
)
NO_PREROLL = SegmenterConfig(
    onset_frames=1,
    onset_window=1,
    preroll_frames=0,
    hush_frames=1,
    tail_frames=1,
    ending_frames=1,
    hangover_frames=2,
    min_frames=0,
    max_frames=10,
)

runs = st.lists(st.tuples(st.booleans(), st.integers(1, 60)), max_size=12)
activity = runs.map(lambda lengths: [voiced for voiced, n in lengths for _ in range(n)])
configs = st.sampled_from([SMALL, NO_PREROLL, SegmenterConfig(max_frames=150)])


def segment(config: SegmenterConfig, frames: list[bool]) -> list[SegmentEvent]:
    """All events, the flush at the end included."""
    segmenter = Segmenter(config)
    return [event for voiced in frames for event in segmenter.push(voiced)] + segmenter.flush()


def pattern(text: str) -> list[bool]:
    """ "##..#": speech and silence."""
    return [mark == "#" for mark in text]


@given(configs, activity)
def test_utterances_are_disjoint_ordered_and_inside_the_input(config: SegmenterConfig, frames: list[bool]) -> None:
    ranges = [(e.start, e.end) for e in segment(config, frames) if isinstance(e, Ended | Dropped)]
    assert all(0 <= start < end <= len(frames) for start, end in ranges)
    assert all(end <= start for (_, end), (start, _) in pairwise(ranges))


@given(configs, activity)
def test_every_start_is_closed_once_before_the_next(config: SegmenterConfig, frames: list[bool]) -> None:
    events = [e for e in segment(config, frames) if isinstance(e, Started | Ended | Dropped)]
    assert [isinstance(e, Started) for e in events] == [True, False] * (len(events) // 2)
    for started, closed in zip(events[::2], events[1::2], strict=True):
        assert started.start == closed.start


@given(configs, activity)
def test_pauses_and_resumptions_alternate_within_an_utterance(config: SegmenterConfig, frames: list[bool]) -> None:
    paused: Paused | None = None
    for event in segment(config, frames):
        match event:
            case Started():
                paused = None
            case Paused():
                assert paused is None
                paused = event
            case Resumed(start):
                assert paused is not None
                assert start == paused.start
                paused = None
            case Dropped():
                assert paused is None, "nothing is prepared for what will be thrown away"
            case Ending(start, end):
                assert paused == Paused(start, end)
            case Ended() | Hushed():
                pass


@given(configs, activity)
def test_an_utterance_that_ends_in_a_pause_is_what_the_pause_announced(
    config: SegmenterConfig, frames: list[bool]
) -> None:
    segmenter = Segmenter(config)
    paused: Paused | None = None
    for voiced in frames:
        for event in segmenter.push(voiced):
            match event:
                case Paused():
                    paused = event
                case Resumed():
                    paused = None
                case Ended(start, end, at) if not voiced:
                    assert paused == Paused(start, end)
                    assert at - end == config.hangover_frames - config.tail_frames
                case _:
                    pass


@given(configs, activity)
def test_no_utterance_is_longer_than_the_limit(config: SegmenterConfig, frames: list[bool]) -> None:
    assert all(e.end - e.start <= config.max_frames for e in segment(config, frames) if isinstance(e, Ended))


@given(configs, activity)
def test_no_event_reaches_further_back_than_promised(config: SegmenterConfig, frames: list[bool]) -> None:
    segmenter = Segmenter(config)
    for now, voiced in enumerate(frames, start=1):
        assert all(now - event.start <= config.longest_frames for event in segmenter.push(voiced))


@given(configs, activity)
def test_a_long_stretch_of_speech_is_lost_nowhere(config: SegmenterConfig, frames: list[bool]) -> None:
    inside = {n for e in segment(config, frames) if isinstance(e, Ended) for n in range(e.start, e.end)}
    first = 0
    for voiced, run in groupby(frames):
        length = len(list(run))
        if voiced and length >= max(config.onset_frames, config.min_frames):
            assert inside.issuperset(range(first, first + length))
        first += length


@given(configs, activity)
def test_the_same_frames_give_the_same_events(config: SegmenterConfig, frames: list[bool]) -> None:
    assert segment(config, frames) == segment(config, frames)


@given(activity, st.lists(st.integers(50, 4000), min_size=1, max_size=6), st.integers(0, FRAME - 1))
def test_no_sample_is_lost_or_doubled_under_any_chunking(frames: list[bool], chunks: list[int], spare: int) -> None:
    count = len(frames) * FRAME
    pcm = np.arange(count + spare, dtype=np.float32)
    reframer, segmenter, buffer = Reframer(), Segmenter(SMALL), AudioBuffer(SMALL.longest_frames * FRAME)
    voiced = iter([*frames, False])
    cut: list[tuple[int, int, bytes]] = []

    def take(events: list[SegmentEvent]) -> None:
        for event in events:
            if isinstance(event, Ended):
                start, end = event.start * FRAME, event.end * FRAME
                cut.append((start, end, buffer.slice(start, end).tobytes()))

    first = turn = 0
    while first < len(pcm):
        size = chunks[turn % len(chunks)]
        for frame in reframer.push(pcm[first : first + size]):
            buffer.append(frame)
            take(segmenter.push(next(voiced)))
        first, turn = first + size, turn + 1
    take(segmenter.flush())
    expected = [(e.start * FRAME, e.end * FRAME) for e in segment(SMALL, frames) if isinstance(e, Ended)]
    assert [(start, end, pcm[start:end].tobytes()) for start, end in expected] == cut


def test_an_utterance_has_its_preroll_and_exactly_its_tail() -> None:
    events = segment(SMALL, pattern("........######......"))
    assert events == [Started(5), Hushed(5), Paused(5, 16), Ending(5, 16), Ended(5, 16, 19)]


def test_a_short_gap_is_inside_the_utterance() -> None:
    events = segment(SMALL, pattern("####...####....."))
    assert [e for e in events if not isinstance(e, Hushed)] == [
        Started(0),
        Paused(0, 6),
        Resumed(0),
        Paused(0, 13),
        Ending(0, 13),
        Ended(0, 13, 16),
    ]


def test_a_hush_is_told_each_time_and_a_likely_end_when_silence_lasts() -> None:
    events = segment(SMALL, pattern("####.##..##....#"))
    assert [type(e) for e in events if isinstance(e, Hushed | Ending)] == [Hushed, Hushed, Hushed, Ending]


def test_a_click_starts_nothing() -> None:
    assert segment(SMALL, pattern("....#....#....#....")) == []


def test_a_blip_is_dropped_and_never_announced() -> None:
    assert segment(SMALL, pattern("....###.......")) == [Started(1), Dropped(1, 9)]


def test_the_preroll_takes_nothing_of_the_utterance_before() -> None:
    events = segment(SMALL, pattern("#####.....#####....."))
    assert [e for e in events if isinstance(e, Started | Ended)] == [
        Started(0),
        Ended(0, 7, 10),
        Started(7),
        Ended(7, 17, 20),
    ]


def test_a_long_turn_is_split_in_the_middle_of_its_longest_later_pause() -> None:
    events = segment(SMALL, pattern("#" * 22 + "." + "#" * 4 + "...." + "#" * 20))
    assert [e for e in events if isinstance(e, Started | Ended)] == [
        Started(0),
        Ended(0, 29, 39),
        Started(29),
        Ended(29, 51, 51),
    ]


def test_speech_without_any_pause_is_split_at_the_limit_and_goes_on() -> None:
    events = segment(SMALL, [True] * 100)
    ended = [(e.start, e.end) for e in events if isinstance(e, Ended)]
    assert ended == [(0, 38), (38, 76), (76, 100)]


def test_the_rest_after_a_split_is_kept_however_short() -> None:
    events = segment(SMALL, pattern("#" * 39 + "....."))
    assert events[-1] == Ended(38, 41, 44)


def test_a_flush_ends_what_is_under_way_and_frames_may_follow() -> None:
    segmenter = Segmenter(SMALL)
    for voiced in pattern("######"):
        segmenter.push(voiced)
    assert segmenter.flush() == [Ended(0, 6, 6)]
    assert segmenter.flush() == []
    events = [event for voiced in pattern("######.....") for event in segmenter.push(voiced)]
    assert events[-1] == Ended(6, 14, 17)


@pytest.mark.parametrize(
    "wrong",
    [
        {"onset_frames": 9},
        {"tail_frames": 20},
        {"tail_frames": 3},
        {"hush_frames": 0},
        {"ending_frames": 20},
        {"preroll_frames": -1},
        {"max_frames": 50},
    ],
)
def test_a_setting_that_cannot_work_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        SegmenterConfig(**wrong)
