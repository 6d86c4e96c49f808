"""Turns that are known beforehand, in the place of voice activity."""

import numpy as np

from engine.speakers import Turn
from streamer.listener import Close, Listener
from streamer.segmenter import SegmenterConfig
from streamer.turns import KnownTurns


def turns(*spans: tuple[float, float], overlap: float = 0.0, clear: float = 1.0) -> KnownTurns:
    return KnownTurns(Turn(start, end, 0, overlap, clear) for start, end in spans)


def test_a_speaker_speaks_from_the_start_of_a_turn_until_its_end() -> None:
    known = turns((3.0, 4.0), (1.0, 2.0))
    assert [known.at(time) for time in (0.99, 1.0, 1.99, 2.0, 3.5, 4.0)] == [False, True, True, False, True, False]


def test_utterances_follow_the_turns_whatever_is_heard() -> None:
    listener = Listener(SegmenterConfig(), 1.0, turns((1.0, 2.0), (2.2, 3.0), (4.0, 5.0)))
    heard = [*listener.hear(0.0, np.zeros(16_000 * 6, np.float32)), *listener.flush()]
    closed = [(round(one.start, 2), round(one.spoken, 2)) for one in heard if isinstance(one, Close)]
    assert closed == [(0.8, 3.0), (3.8, 5.0)]


def test_an_utterance_that_others_talk_over_and_one_that_is_far_are_marked() -> None:
    assert turns((1.0, 2.0)).marks(0.8, 2.2) == ()
    assert turns((1.0, 2.0), overlap=0.6).marks(0.8, 2.2) == ("overlap",)
    assert turns((1.0, 2.0), overlap=0.5, clear=0.6).marks(0.8, 2.2) == ("overlap", "far")
    assert turns((1.0, 2.0), overlap=1.0).marks(3.0, 4.0) == ()
