"""A track heard by its cues."""

import numpy as np
import pytest

from streamer.listener import Close, Heard, Onset, Voice
from streamer.transcripts.cues import Cue
from streamer.transcripts.ear import CueListener

CUES = [Cue(0.5, 1.25, "one", "ann"), Cue(1.25, 1.3, "two", "ann"), Cue(3.0, 9.0, "three", "ann")]
RAMP = (np.arange(5 * 16_000) / 80_000).astype(np.float32)


def _hear(chunk: int) -> tuple[list[Heard], CueListener]:
    ear = CueListener(CUES, 12.0)
    chunks = [(first / 16_000, RAMP[first : first + chunk]) for first in range(0, len(RAMP), chunk)]
    heard = [one for time, pcm in chunks for one in ear.hear(time, pcm)]
    return heard, ear


@pytest.mark.parametrize("chunk", [160, 1_600, 1_777, 80_000])
def test_each_cue_is_an_utterance_with_its_sound_and_its_words_however_it_comes(chunk: int) -> None:
    heard, ear = _hear(chunk)
    closed = [one for one in [*heard, *ear.flush()] if isinstance(one, Close)]
    assert [(one.start, one.end, one.words and one.words.text) for one in closed] == [
        (0.5, 1.25, "one"),
        (1.25, 1.3, "two"),
        (3.0, 5.0, "three"),
    ]
    for one in closed:
        np.testing.assert_array_equal(one.pcm, RAMP[round(one.start * 16_000) : round(one.end * 16_000)])
    assert ear.until == 5.0


@pytest.mark.parametrize("chunk", [160, 1_777])
def test_what_is_heard_while_a_cue_lasts_is_all_of_its_sound(chunk: int) -> None:
    heard, _ = _hear(chunk)
    first = heard[: next(index for index, one in enumerate(heard) if isinstance(one, Close))]
    pcm = np.concatenate([one.pcm for one in first if isinstance(one, Onset | Voice)])
    np.testing.assert_array_equal(pcm, RAMP[8_000:20_000])


def test_a_gap_is_silence_and_cues_after_the_end_are_not_heard() -> None:
    ear = CueListener(CUES, 12.0)
    heard = ear.hear(1.0, RAMP[16_000:32_000])
    (one, two) = [one for one in heard if isinstance(one, Close)]
    assert not one.pcm[:8_000].any()
    np.testing.assert_array_equal(one.pcm[8_000:], RAMP[16_000:20_000])
    assert two.end == 1.3
    assert ear.flush() == []
