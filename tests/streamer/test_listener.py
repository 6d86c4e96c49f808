"""One track's ear: gaps, overlaps and what was heard, whatever the chunks."""

import numpy as np
import pytest

from streamer.audio import FRAME, Samples
from streamer.listener import Close, Heard, Listener, Onset, Pause, Voice
from streamer.segmenter import SegmenterConfig
from tests.voices import silence, speak


def _spoken() -> Samples:
    return np.concatenate([silence(0.5), speak("we have won the game"), silence(1.0)])


def _listen(pcm: Samples, chunk: int, offset: float = 0.0) -> list[Heard]:
    listener = Listener(SegmenterConfig(), gap_seconds=1.0)
    heard = [
        one
        for first in range(0, len(pcm), chunk)
        for one in listener.hear(offset + first / 16_000, pcm[first : first + chunk])
    ]
    return [*heard, *listener.flush()]


@pytest.mark.parametrize("chunk", [111, FRAME, 4_000, 10**6])
def test_an_utterance_is_the_same_sound_and_time_however_it_was_cut(chunk: int) -> None:
    pcm = _spoken()
    (close,) = [one for one in _listen(pcm, chunk) if isinstance(one, Close)]
    first, last = round(close.start * 16_000), round(close.end * 16_000)
    assert np.array_equal(close.pcm, pcm[first:last])
    assert close.spoken < close.end < close.at


def test_what_was_said_piece_by_piece_is_what_was_paused_and_closed() -> None:
    heard = _listen(_spoken(), FRAME)
    pieces = [one.pcm for one in heard if isinstance(one, Onset | Voice)]
    pause, likely = [one for one in heard if isinstance(one, Pause)]
    (close,) = [one for one in heard if isinstance(one, Close)]
    assert np.array_equal(np.concatenate(pieces), pause.pcm)
    assert np.array_equal(pause.pcm, close.pcm)
    assert np.array_equal(likely.pcm, close.pcm)
    assert (pause.likely, likely.likely) == (False, True)


def test_times_are_those_of_the_media_wherever_it_begins() -> None:
    (at_zero,) = [one for one in _listen(_spoken(), FRAME) if isinstance(one, Close)]
    (later,) = [one for one in _listen(_spoken(), FRAME, offset=100.0) if isinstance(one, Close)]
    assert later.start == pytest.approx(at_zero.start + 100)
    assert later.at == pytest.approx(at_zero.at + 100)


def test_a_lost_packet_is_silence_and_moves_nothing() -> None:
    pcm = _spoken()
    listener = Listener(SegmenterConfig(), gap_seconds=1.0)
    lost = 20 * FRAME
    for first in range(0, len(pcm), FRAME):
        if first != lost:
            listener.hear(first / 16_000, pcm[first : first + FRAME])
    assert listener.until == pytest.approx(len(pcm) // FRAME * 0.02)


def test_sound_that_was_heard_already_is_not_heard_twice() -> None:
    pcm = _spoken()
    listener = Listener(SegmenterConfig(), gap_seconds=1.0)
    heard: list[Heard] = []
    for first in range(0, len(pcm), 5 * FRAME):
        heard += listener.hear(max(0, first - 2 * FRAME) / 16_000, pcm[max(0, first - 2 * FRAME) : first + 5 * FRAME])
    (close,) = [one for one in heard if isinstance(one, Close)]
    assert np.array_equal(close.pcm, pcm[round(close.start * 16_000) : round(close.end * 16_000)])


def test_a_long_gap_ends_the_utterance_and_time_goes_on_after_it() -> None:
    pcm = _spoken()
    half = len(pcm) // 2 // FRAME * FRAME
    listener = Listener(SegmenterConfig(), gap_seconds=1.0)
    assert not any(isinstance(one, Close) for one in listener.hear(0.0, pcm[:half]))
    heard = listener.hear(60.0, silence(0.1))
    assert [type(one) for one in heard if not isinstance(one, Voice)] == [Close]
    assert listener.until == pytest.approx(60.1)
