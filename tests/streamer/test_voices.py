"""A live participant in whose sound several people speak."""

import asyncio

import numpy as np

from engine import Engine
from engine.speakers import Print
from streamer.client import connect, finish
from streamer.protocol import Body, EmotionEvent, Event, Hello, SpeakersEvent, TranscriptEvent
from streamer.record import ConversationRecord
from streamer.voices import Voices
from tests.mixed import CUES, mixed_conversation
from tests.servers import WAIT, serving


async def test_a_mixed_track_told_of_in_the_hello_has_a_voice_for_each_utterance(engine: Engine) -> None:
    sound = mixed_conversation()[: 16_000 * 12]
    async with serving(engine) as server:
        hello = Hello(conversation="c", participant="tab", consent=True, speakers="mixed")
        async with connect(server.url, hello) as session:
            for first in range(0, len(sound), 16_000):
                await session.send_audio(first / 16_000, sound[first : first + 16_000])
                await asyncio.sleep(0.2)
            events = await asyncio.wait_for(finish(session), WAIT)
    finals = [event.body for event in events if isinstance(event.body, EmotionEvent) and event.body.final]
    guessed = [event.body for event in events if isinstance(event.body, EmotionEvent) and not event.body.final]
    words = [event.body for event in events if isinstance(event.body, TranscriptEvent) and event.body.final]
    expected = [f"tab:{who + 1}" for _, end, who in CUES if end < 12]
    assert [reading.voice for reading in finals] == expected
    assert [said.voice for said in words] == expected
    assert {reading.participant for reading in finals} == {"tab"}
    assert {"tab:1", "tab:2"} <= {reading.voice for reading in guessed}, "a guess at the reading guesses whose it is"
    assert ConversationRecord.of(events).speakers == ("tab:1", "tab:2")


def test_corrections_name_utterances_and_their_new_speaker_and_reach_the_record() -> None:
    east, north_east, north = (np.zeros(256, np.float32) for _ in range(3))
    east[0], north_east[:2], north[:2] = 1.0, (0.72, 0.69), (0.26, 0.97)
    voices = Voices("tab")
    assert voices.settle("tab-1", Print(east, 3.0)) == ("tab:1", {})
    assert voices.settle("tab-2", Print(north_east, 3.0)) == ("tab:1", {})
    assert voices.settle("tab-3", Print(north, 3.0)) == ("tab:2", {"tab-2": "tab:2"})


def test_a_record_takes_the_last_word_on_who_spoke() -> None:
    def reading(utterance: str, voice: str, start: float) -> EmotionEvent:
        return EmotionEvent(
            utterance=utterance,
            participant="tab",
            start=start,
            end=start + 1,
            revision=1,
            final=True,
            label="joy",
            unsure=False,
            probabilities={"joy": 1.0},
            confidence=1.0,
            valence=0.5,
            arousal=0.5,
            modalities={},
            latency_ms={},
            voice=voice,
        )

    bodies: list[Body] = [
        reading("tab-1", "tab:1", 0.0),
        reading("tab-2", "tab:1", 2.0),
        SpeakersEvent(participant="tab", utterances={"tab-2": "tab:2"}),
    ]
    events = [Event(seq=seq, conversation="c", time=0.0, body=body) for seq, body in enumerate(bodies, 1)]
    assert [one.speaker for one in ConversationRecord.of(events).utterances] == ["tab:1", "tab:2"]
