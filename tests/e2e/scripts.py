"""Conversations by script: the same each time, for screens that are compared and for what is not about hearing."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final

from engine.labels import Emotion
from streamer.protocol import AttendedUtterance, Body, Participants, Speech
from streamer.record import ConversationRecord, UtteranceRecord
from tests.conversations import conversation, emotion, transcript, utterance

SPEAKERS: Final = ("Ada", "Ben", "Cleo")
_PAUSE: Final = 0.4
_BEGIN: Final = 0.8
_LOOKS: Final = (0.38, 0.17)
"""How much a reading attends to the two utterances before it, the nearest first."""


@dataclass(frozen=True)
class Line:
    """What one speaker says, for how long, and what that expresses."""

    speaker: str
    text: str
    seconds: float
    label: Emotion
    unsure: bool = False


TALK: Final = (
    Line("Ada", "Good morning, shall we begin with the figures of the autumn?", 3.6, "neutral"),
    Line("Ben", "They are better than anybody here expected, look at this!", 3.2, "joy"),
    Line("Ada", "Oh. I had not seen that coming at all.", 2.4, "surprise"),
    Line("Cleo", "We should be careful, half of it is one large order.", 3.8, "fear", unsure=True),
    Line("Ben", "That order is signed, and I have said so three times now.", 3.4, "anger"),
    Line("Cleo", "Then I am sorry, nobody told me.", 2.2, "sadness"),
    Line("Ada", "Let us look at it together, it is good news either way.", 3.5, "joy"),
    Line("Ben", "The coffee is not good news.", 1.8, "disgust"),
    Line("Cleo", "No, it truly is not.", 1.6, "joy"),
    Line(
        "Ada",
        "Well then, page two, which is about the spring and what we want to have done by the end of it.",
        5.4,
        "neutral",
    ),
)
UNDER_WAY: Final = Line("Ben", "So in the spring we would", 2.2, "joy")


def said(count: int = len(TALK)) -> list[UtteranceRecord]:
    """So many utterances, the lines of the talk over and over. Each but the first looks back at those before it."""
    told: list[UtteranceRecord] = []
    now = _BEGIN
    for number, line in enumerate(islice(cycle(TALK), count)):
        end = round(now + line.seconds, 3)
        one = utterance(line.speaker, round(now, 3), end, line.text, line.label, unsure=line.unsure)
        attended = tuple(
            AttendedUtterance(utterance=earlier.utterance, weight=weight)
            for earlier, weight in zip(reversed(told), _LOOKS, strict=False)
        )
        told.append(one.model_copy(update={"attended": attended, "latency_ms": _latency(number)}))
        now = end + _PAUSE
    return told


def _latency(number: int) -> dict[str, float]:
    recognise, encode, fuse = 12.0 + 7 * number % 31, 38.0 + 11 * number % 23, 5.0 + 3 * number % 4
    beyond = recognise + encode + fuse
    hangover = {"hangover": 400.0, "recognise": recognise, "encode": encode, "order": 0.0, "fuse": fuse}
    return {**hangover, "beyond_hangover": beyond, "total": 400.0 + beyond}


def talk() -> Iterator[Body]:
    """Half a minute of three speakers; the last of them is still speaking, and his words are a guess."""
    yield Participants(present=SPEAKERS, muted=("Cleo",))
    told = said()
    for one in told:
        yield from _events(one)
    now = round(told[-1].end + _PAUSE, 3)
    yield Speech(participant=UNDER_WAY.speaker, state="started", at=now)
    one = utterance(UNDER_WAY.speaker, now, now + UNDER_WAY.seconds, UNDER_WAY.text, UNDER_WAY.label)
    yield transcript(one, final=False)
    yield emotion(one, final=False)


def lines(count: int) -> Iterator[Body]:
    """So many utterances, and nobody speaks after them."""
    yield Participants(present=SPEAKERS, muted=())
    for one in said(count):
        yield from _events(one)


def record(count: int = len(TALK)) -> ConversationRecord:
    """What a library keeps of so many utterances."""
    return conversation(*said(count))


def _events(one: UtteranceRecord) -> Iterator[Body]:
    yield Speech(participant=one.speaker, state="started", at=one.start)
    yield Speech(participant=one.speaker, state="ended", at=one.end)
    yield transcript(one)
    yield emotion(one)
