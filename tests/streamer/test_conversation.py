"""One conversation: utterances from real speech, in order, each answered once, live as from a file."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import numpy as np
import pytest

from engine import Engine
from streamer.audio import FRAME, Samples
from streamer.conversation import Conversation
from streamer.errors import Refused
from streamer.hub import Hub
from streamer.log import Subscription
from streamer.participant import Participant
from streamer.protocol import (
    Body,
    EmotionEvent,
    ErrorCode,
    Lag,
    Participants,
    Speech,
    TranscriptEvent,
)
from streamer.recognise import Recogniser, Recognition, Transcript, load_recogniser
from streamer.settings import Settings
from tests.conversations import finals, told
from tests.voices import silence, speak

FAST = Settings(stall_seconds=5.0, drain_seconds=20.0, audio_queue_seconds=600.0, behind_seconds=600.0)


@pytest.fixture(scope="module")
def sphinx() -> Iterator[Recogniser]:
    recogniser = load_recogniser("sphinx")
    yield recogniser
    recogniser.close()


@pytest.fixture
async def hub(engine: Engine) -> AsyncIterator[Hub]:
    hub = Hub(engine, load_recogniser("none"), FAST)
    yield hub
    await hub.close()


def _two_sentences() -> Samples:
    first, second = speak("I can not believe that we have won"), speak("that is very sad")
    return np.concatenate([silence(0.5), first, silence(1.0), second, silence(1.0)])


def _trimmed(pcm: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(pcm) > 0.02)
    return pcm[loud[0] : loud[-1]]


async def _say(participant: Participant, pcm: Samples, *, chunk: int = 2 * FRAME, start: float = 0.0) -> None:
    for first in range(0, len(pcm), chunk):
        participant.audio(start + first / 16_000, pcm[first : first + chunk])
        await participant.settled()


async def _bodies(conversation: Conversation) -> list[Body]:
    """All events so far that are kept: all but faces."""
    return await told(conversation.subscribe(0))


async def _provisional(events: Subscription) -> None:
    """Waits for the next reading that is not final."""
    async with asyncio.timeout(30):
        async for event in events:
            if isinstance(event.body, EmotionEvent) and not event.body.final:
                return


async def test_each_sentence_is_one_utterance_answered_once_after_its_provisional_readings(hub: Hub) -> None:
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    events, time = conversation.subscribe(), 0.0
    for sentence in ("I can not believe that we have won", "that is very sad indeed"):
        pcm = np.concatenate([silence(0.5), speak(sentence), silence(0.5)])
        spoken = 16_000 + 16_000 // 2  # What comes within a second of speech is not the end of it.
        await _say(ada, pcm[:spoken], start=time)
        await _provisional(events)  # Sound comes faster than real time here: the next would end the sentence first.
        await _say(ada, pcm[spoken:], start=time + spoken / 16_000)
        time += len(pcm) / 16_000
    await conversation.leave(ada)
    events.close()
    bodies = await _bodies(conversation)
    readings = [body for body in bodies if isinstance(body, EmotionEvent)]
    assert [reading.utterance for reading in readings if reading.final] == ["ada-1", "ada-2"]
    for utterance in ("ada-1", "ada-2"):
        mine = [reading for reading in readings if reading.utterance == utterance]
        assert [reading.revision for reading in mine] == list(range(1, len(mine) + 1))
        assert [reading.final for reading in mine] == [False] * (len(mine) - 1) + [True]
        assert len(mine) > 1
    assert [body.state for body in bodies if isinstance(body, Speech)] == ["started", "ended"] * 2


async def test_a_final_reading_tells_its_latency_by_stage_and_its_shares(hub: Hub) -> None:
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    await _say(ada, _two_sentences())
    await conversation.leave(ada)
    for final in finals(await _bodies(conversation)):
        assert {"hangover", "recognise", "encode", "fuse", "total", "beyond_hangover"} <= set(final.latency_ms)
        assert sum(final.probabilities.values()) == pytest.approx(1, abs=1e-3)
        assert sum(share.weight for share in final.modalities.values()) == pytest.approx(1, abs=1e-3)
        assert set(final.modalities) == {"audio"}


async def test_a_final_reading_tells_which_earlier_utterances_it_attended_to(hub: Hub) -> None:
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    await _say(ada, _two_sentences())
    await conversation.leave(ada)
    bodies = await _bodies(conversation)
    first, second = finals(bodies)
    assert first.attended == ()
    assert [one.utterance for one in second.attended] == [first.utterance]
    assert 0 < second.attended[0].weight < 1
    assert not any(body.attended for body in bodies if isinstance(body, EmotionEvent) and not body.final)


@pytest.mark.parametrize("chunk", [160, 2 * FRAME, 5_000])
async def test_a_file_and_a_live_call_give_the_same_however_the_sound_was_cut(
    engine: Engine, sphinx: Recogniser, chunk: int
) -> None:
    told = []
    for settings, size in ((replace(FAST, live=False), 16_000), (FAST, chunk)):
        hub = Hub(engine, sphinx, settings)
        conversation = hub.conversation("c")
        ada = await conversation.join("ada", origin=0.0)
        await _say(ada, _two_sentences(), chunk=size)
        await conversation.leave(ada)
        told.append(await _bodies(conversation))
        await hub.close()
    filed, live = told
    words = [[body for body in told if isinstance(body, TranscriptEvent) and body.final] for told in (filed, live)]
    assert words[0] == words[1]
    assert all(body.draft for body in words[0])
    assert "cannot believe that we have" in words[0][0].text
    for one, other in zip(finals(filed), finals(live), strict=True):
        assert (one.utterance, one.start, one.end, one.label) == (other.utterance, other.start, other.end, other.label)
        assert one.probabilities == pytest.approx(other.probabilities, abs=2e-4)


async def test_a_pause_shorter_than_the_hangover_does_not_end_an_utterance(hub: Hub) -> None:
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    speech = _trimmed(speak("we have won"))
    await _say(ada, np.concatenate([silence(0.5), speech, silence(0.28), speech, silence(1.0)]))
    await conversation.leave(ada)
    assert len(finals(await _bodies(conversation))) == 1


async def test_leaving_in_the_middle_of_a_sentence_answers_it(hub: Hub) -> None:
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    await _say(ada, np.concatenate([silence(0.5), speak("I was just about to say that")]))
    await conversation.leave(ada)
    assert len(finals(await _bodies(conversation))) == 1
    assert conversation.participants == ()


async def test_two_speakers_share_one_dialogue_in_the_order_of_their_closings(hub: Hub) -> None:
    conversation = hub.conversation("c")
    ada, bob = await conversation.join("ada", origin=0.0), await conversation.join("bob", origin=0.0)
    speech = speak("we have won")
    first = np.concatenate([silence(0.5), speech, silence(3.0)])
    second = np.concatenate([silence(1.5), speech, silence(3.0)])[: len(first)]
    for at in range(0, len(first), FRAME):
        for who, pcm in ((bob, second), (ada, first)):
            who.audio(at / 16_000, pcm[at : at + FRAME])
            await who.settled()
    await asyncio.gather(conversation.leave(ada), conversation.leave(bob))
    assert [final.participant for final in finals(await _bodies(conversation))] == ["ada", "bob"]


async def test_muted_nothing_is_analysed_and_everyone_istold(hub: Hub) -> None:
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    await conversation.mute(ada, True)
    await _say(ada, _two_sentences())
    await conversation.mute(ada, False)
    await conversation.leave(ada)
    bodies = await _bodies(conversation)
    assert not any(isinstance(body, Speech | EmotionEvent | TranscriptEvent) for body in bodies)
    told = [body.muted for body in bodies if isinstance(body, Participants)]
    assert told == [(), ("ada",), (), ()]


async def test_paused_neither_sound_nor_pictures_are_looked_at_and_everyone_istold(hub: Hub) -> None:
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    await conversation.pause(ada, True)
    assert not ada.wants_picture(0.0)
    await _say(ada, _two_sentences())
    await conversation.pause(ada, False)
    assert ada.wants_picture(0.0)
    await conversation.leave(ada)
    bodies = await _bodies(conversation)
    assert not any(isinstance(body, Speech | EmotionEvent | TranscriptEvent) for body in bodies)
    told = [body.paused for body in bodies if isinstance(body, Participants)]
    assert told == [(), ("ada",), (), ()]


async def test_muted_the_face_is_still_looked_at(hub: Hub) -> None:
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    await conversation.mute(ada, True)
    assert ada.wants_picture(0.0)


async def test_sound_that_goes_back_in_time_is_refused_by_name(hub: Hub) -> None:
    ada = await hub.conversation("c").join("ada")
    ada.audio(5.0, silence(0.02))
    with pytest.raises(Refused) as refused:
        ada.audio(1.0, silence(0.02))
    assert refused.value.code is ErrorCode.TIME_WENT_BACK


async def test_sound_faster_than_it_can_be_heard_is_dropped_andtold(engine: Engine) -> None:
    hub = Hub(engine, load_recogniser("none"), replace(FAST, audio_queue_seconds=1.0))
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    for second in range(5):
        ada.audio(second, silence(0.9))
    assert any(isinstance(body, Lag) and body.dropped == {"audio": 1} for body in await _bodies(conversation))
    await hub.close()


async def test_a_name_that_is_taken_and_a_conversation_that_is_full_are_refused(engine: Engine) -> None:
    hub = Hub(engine, load_recogniser("none"), replace(FAST, max_participants=2, max_conversations=1))
    conversation = hub.conversation("c")
    await conversation.join("ada")
    for name, code in (("ada", ErrorCode.PARTICIPANT_TAKEN), ("bob", None), ("eve", ErrorCode.CONVERSATION_FULL)):
        if code is None:
            await conversation.join(name)
            continue
        with pytest.raises(Refused) as refused:
            await conversation.join(name)
        assert refused.value.code is code
    with pytest.raises(Refused) as refused:
        hub.conversation("d")
    assert refused.value.code is ErrorCode.SERVER_FULL
    await hub.close()
    with pytest.raises(Refused) as refused:
        hub.conversation("c")
    assert refused.value.code is ErrorCode.SHUTTING_DOWN


async def test_a_conversation_lingers_from_when_it_was_left_and_then_makes_room(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 1000.0
    monkeypatch.setattr("streamer.conversation.monotonic", lambda: clock)
    monkeypatch.setattr("streamer.log.monotonic", lambda: clock)
    hub = Hub(engine, load_recogniser("none"), replace(FAST, max_conversations=1, linger_seconds=120.0))
    conversation = hub.conversation("c")
    ada, events = await conversation.join("ada"), conversation.subscribe()
    clock += 3600
    await conversation.leave(ada)
    clock += 100
    events.close()
    clock += 100
    with pytest.raises(Refused):
        hub.conversation("d")
    assert hub.conversation("c") is hub.find("c") is conversation
    clock += 21
    assert hub.find("c") is None
    assert hub.conversation("d").id == "d"
    await hub.close()


class Stuck:
    """A recogniser that never gets done until it is let go; named a fake: a real one can't be made to hang."""

    name = "stuck"
    draft = False
    streams = True

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def open(self) -> Recognition:
        return self

    def expect(self, speakers: int) -> None:
        """Nothing to make."""

    def close(self) -> None:
        self.go_on.set()

    def feed(self, pcm: Samples) -> None:
        pass

    def partial(self) -> str:
        return ""

    def finish(self) -> Transcript:
        assert self.go_on.wait(20)
        return Transcript("at last", ())


async def test_when_recognition_cannot_keep_up_words_are_left_out_but_no_final(engine: Engine) -> None:
    stuck = Stuck()
    hub = Hub(engine, stuck, replace(FAST, pending_utterances=1, live=False))
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    pcm = _two_sentences()
    ada.audio(0.0, pcm)
    ada.audio(len(pcm) / 16_000, silence(1.0))
    events = conversation.subscribe(0)
    async for event in events:
        if isinstance(event.body, Lag):
            break
    stuck.close()
    await conversation.leave(ada)
    bodies = await _bodies(conversation)
    assert [body.text for body in bodies if isinstance(body, TranscriptEvent) and body.final] == ["at last", ""]
    assert [final.utterance for final in finals(bodies)] == ["ada-1", "ada-2"]
    assert [body.dropped for body in bodies if isinstance(body, Lag)] == [{"words": 1}]
    await hub.close()


async def test_closing_the_hub_answers_what_is_being_said(engine: Engine) -> None:
    hub = Hub(engine, load_recogniser("none"), FAST)
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    events = conversation.subscribe()
    await _say(ada, np.concatenate([silence(0.5), speak("I was just about to say that")]))
    await hub.close()
    assert len(finals([event.body async for event in events])) == 1


def test_a_bound_of_nought_is_refused() -> None:
    with pytest.raises(ValueError, match="ring_events must be above 0"):
        Settings(ring_events=0)


async def test_a_guess_that_stood_and_one_that_was_dropped_are_counted_with_what_they_cost(hub: Hub) -> None:
    conversation = hub.conversation("c")
    ada = await conversation.join("ada")
    first, second = _trimmed(speak("I can not believe that we have won")), _trimmed(speak("that is very sad"))
    await _say(ada, np.concatenate([silence(0.5), first, silence(0.34), second, silence(1.0)]))
    await conversation.leave(ada)
    lines = hub.metrics.render().decode().splitlines()
    assert len(finals(await _bodies(conversation))) == 1
    assert 'undertone_guesses_total{outcome="stood"} 1.0' in lines
    assert 'undertone_guesses_total{outcome="dropped"} 1.0' in lines
    assert "undertone_guess_saved_milliseconds_count 1.0" in lines
    assert "undertone_guess_wasted_milliseconds_count 1.0" in lines
    again = next(line for line in lines if line.startswith("undertone_guess_reheard_seconds_total"))
    assert float(again.split()[1]) > 1
