"""Speakers of a live track, utterance by utterance."""

from math import cos, radians, sin

import numpy as np

from engine.speakers import OnlineSpeakers, Print, voice_print
from tests.mixed import CUES, mixed_conversation


def at(degrees: float, seconds: float = 3.0) -> Print:
    """A voice, as a direction."""
    vector = np.zeros(256, np.float32)
    vector[:2] = cos(radians(degrees)), sin(radians(degrees))
    return Print(vector, seconds)


def test_two_voices_are_told_apart_from_their_first_words_and_keep_their_ids() -> None:
    speakers = OnlineSpeakers()
    sound = mixed_conversation()
    for number, (start, end, who) in enumerate(CUES):
        heard = voice_print(sound[round(16_000 * start) : round(16_000 * end)])
        assert speakers.settle(str(number), heard) == (who + 1, {})


def test_an_utterance_given_to_the_wrong_speaker_is_corrected_when_more_is_heard() -> None:
    speakers = OnlineSpeakers()
    assert speakers.settle("a", at(0)) == (1, {})
    assert speakers.settle("b", at(44)) == (1, {})
    assert speakers.settle("c", at(75)) == (2, {"b": 2})
    assert speakers.settle("d", at(2)) == (1, {})


def test_what_is_too_short_to_know_a_voice_by_has_no_speaker() -> None:
    assert voice_print(np.zeros(8_000, np.float32)) is None
    speakers = OnlineSpeakers()
    assert speakers.settle("a", None) == (None, {})
    assert speakers.settle("b", at(0)) == (1, {})


def test_a_guess_changes_nothing() -> None:
    speakers = OnlineSpeakers()
    assert [speakers.guess(at(0)), speakers.guess(at(90))] == [1, 1]
    speakers.settle("a", at(0))
    assert [speakers.guess(at(5)), speakers.guess(at(90)), speakers.guess(at(90))] == [1, 2, 2]


def test_there_are_never_more_speakers_than_allowed_and_old_utterances_are_forgotten() -> None:
    speakers = OnlineSpeakers(most=2)
    given = [speakers.settle(str(number), at(30.0 * (number % 4)))[0] for number in range(210)]
    assert set(given) <= {1, 2, 3}
    assert set(given[-20:]) <= {1, 2}
