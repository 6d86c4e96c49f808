"""Conversations by script: the same each time, for screens that are compared and for what is not about hearing."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final

from engine.labels import Emotion
from streamer.protocol import Body, Participants, Speech
from tests.conversations import emotion, transcript, utterance

SPEAKERS: Final = ("Ada", "Ben", "Cleo")


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


def talk() -> Iterator[Body]:
    """Half a minute of three speakers; the last of them is still speaking, and her words are a guess."""
    yield Participants(present=SPEAKERS, muted=("Cleo",))
    now = 0.8
    for line in TALK:
        yield from _said(line, now)
        now += line.seconds + 0.4
    yield Speech(participant=UNDER_WAY.speaker, state="started", at=now)
    one = utterance(UNDER_WAY.speaker, now, now + UNDER_WAY.seconds, UNDER_WAY.text, UNDER_WAY.label)
    yield transcript(one, final=False)
    yield emotion(one, final=False)


def lines(count: int, *, since: float = 0.8) -> Iterator[Body]:
    """So many utterances, the lines of the talk over and over."""
    yield Participants(present=SPEAKERS, muted=())
    now = since
    for line in islice(cycle(TALK), count):
        yield from _said(line, now)
        now += line.seconds + 0.4


def _said(line: Line, start: float) -> Iterator[Body]:
    end = round(start + line.seconds, 3)
    one = utterance(line.speaker, start, end, line.text, line.label, unsure=line.unsure)
    yield Speech(participant=line.speaker, state="started", at=start)
    yield Speech(participant=line.speaker, state="ended", at=end)
    yield transcript(one)
    yield emotion(one)
