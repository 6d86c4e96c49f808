"""Conversations as they are kept, made by hand, and the events that tell of them."""

from collections.abc import Iterator

from engine.labels import EMOTIONS, Emotion
from streamer.log import Subscription
from streamer.protocol import Body, EmotionEvent, Event, Mark, ModalityShare, TranscriptEvent, Word
from streamer.record import ConversationRecord, UtteranceRecord


async def told(events: Subscription) -> list[Body]:
    """What a reader has been told until now; it reads no further."""
    events.close()
    return [event.body async for event in events]


def finals(bodies: list[Body]) -> list[EmotionEvent]:
    """The final readings among them."""
    return [body for body in bodies if isinstance(body, EmotionEvent) and body.final]


def shares(label: Emotion, most: float = 0.7) -> dict[Emotion, float]:
    """Probabilities that favour one label; they sum to 1."""
    rest = round((1 - most) / (len(EMOTIONS) - 1), 6)
    return {emotion: most if emotion == label else rest for emotion in EMOTIONS}


def utterance(
    speaker: str,
    start: float,
    end: float,
    text: str = "so it is",
    label: Emotion = "joy",
    *,
    unsure: bool = False,
    id: str | None = None,
    marks: tuple[Mark, ...] = (),
) -> UtteranceRecord:
    """One utterance read from words and voice; its words share its time evenly."""
    said = text.split()
    step = (end - start) / max(1, len(said))
    words = tuple(
        Word(text=word, start=round(start + step * n, 3), end=round(start + step * (n + 1), 3))
        for n, word in enumerate(said)
    )
    return UtteranceRecord(
        utterance=id or f"{speaker}-{start}",
        speaker=speaker,
        start=start,
        end=end,
        text=text,
        words=words,
        label=label,
        unsure=unsure,
        probabilities=shares(label),
        confidence=0.7,
        valence=0.4,
        arousal=-0.2,
        modalities={
            "text": ModalityShare(weight=0.6, label=label, probabilities=shares(label, 0.8)),
            "audio": ModalityShare(weight=0.4, label="neutral", probabilities=shares("neutral", 0.5)),
        },
        marks=marks,
        latency_ms={"total": 512.5},
    )


def conversation(*utterances: UtteranceRecord, id: str = "daily") -> ConversationRecord:
    """A conversation of these utterances."""
    return ConversationRecord(
        id=id,
        began=1_760_000_000.0,
        bundle="undertone-base",
        recogniser="sphinx",
        utterances=tuple(sorted(utterances, key=lambda one: (one.start, one.end))),
    )


def emotion(one: UtteranceRecord, *, revision: int = 1, final: bool = True) -> EmotionEvent:
    """The event that told its reading."""
    kept = one.model_dump(exclude={"speaker", "text", "draft", "words"})
    return EmotionEvent(**kept, participant=one.speaker, revision=revision, final=final)


def transcript(one: UtteranceRecord, *, final: bool = True) -> TranscriptEvent:
    """The event that told its words."""
    kept = one.model_dump(include={"utterance", "start", "end", "text", "draft", "words"})
    return TranscriptEvent(**kept, participant=one.speaker, final=final)


def events(*bodies: Body, id: str = "daily") -> Iterator[Event]:
    """Numbered events of one conversation, a tenth of a second apart."""
    for seq, body in enumerate(bodies, 1):
        yield Event(seq=seq, conversation=id, time=1_760_000_000.0 + seq / 10, body=body)
