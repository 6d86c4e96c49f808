"""Voice activity on real speech, noise and silence."""

import numpy as np
import pytest

from streamer.audio import Reframer, Samples
from streamer.vad import VoiceActivity
from tests.voices import Voice, hiss, silence, speak


def voiced(activity: VoiceActivity, pcm: Samples, at_once: int = 10) -> list[bool]:
    frames = Reframer().push(pcm)
    return [one for first in range(0, len(frames), at_once) for one in activity(frames[first : first + at_once])]


@pytest.mark.parametrize("level", [0.0005, 0.003, 0.03])
def test_white_noise_is_not_speech_though_the_gate_alone_says_so(level: float) -> None:
    assert not any(voiced(VoiceActivity(), hiss(4, level)))


def test_silence_and_a_hum_are_not_speech() -> None:
    hum = 0.1 * np.sin(2 * np.pi * 50 * np.arange(32_000) / 16_000)
    assert not any(voiced(VoiceActivity(), silence(2)))
    assert not any(voiced(VoiceActivity(), hum.astype(np.float32)))


@pytest.mark.parametrize("voice", ["slt", "rms", "awb", "kal16"])
def test_speech_in_quiet_noise_is_found_where_it_is(voice: Voice) -> None:
    spoken = speak("The weather is cold today, and the children are walking to school.", voice)
    pcm = np.concatenate([hiss(1), spoken, hiss(1, seed=1)])
    pcm[16_000 : 16_000 + len(spoken)] += hiss(len(spoken) / 16_000, seed=2)[: len(spoken)]
    found = np.array(voiced(VoiceActivity(), pcm))
    last = (16_000 + len(spoken)) // 320
    assert not found[:50].any()
    assert found[50:last].mean() > 0.6
    assert not found[last + 5 :].any()


def test_quiet_speech_is_speech() -> None:
    assert np.mean(voiced(VoiceActivity(), 0.05 * speak("I am glad that you are here with me."))) > 0.5


def test_the_same_sound_gives_the_same_answers_in_another_object_and_after_a_reset() -> None:
    pcm = np.concatenate([hiss(0.5), speak("Nobody told me about this."), hiss(0.5)])
    activity = VoiceActivity()
    first = voiced(activity, pcm)
    activity.reset()
    assert voiced(activity, pcm) == first
    assert voiced(VoiceActivity(), pcm) == first


def test_speech_after_a_long_silence_is_found_at_once() -> None:
    spoken = speak("Hello there, my friend.")
    alone = voiced(VoiceActivity(), np.concatenate([silence(1), spoken]))[50:]
    later = voiced(VoiceActivity(), np.concatenate([silence(30), spoken]))[1500:]
    assert later == alone


@pytest.mark.parametrize("at_once", [2, 10, 7, 1000])
def test_frames_at_once_get_the_answers_that_each_gets_alone(at_once: int) -> None:
    spoken = speak("Hello there, my friend. It is late.")
    pcm = np.concatenate([hiss(0.31), spoken, silence(1.07), hiss(0.2), spoken[4000:], silence(0.7), spoken])
    alone = voiced(VoiceActivity(), pcm, at_once=1)
    assert 0 < sum(alone) < len(alone)
    assert voiced(VoiceActivity(), pcm, at_once) == alone
