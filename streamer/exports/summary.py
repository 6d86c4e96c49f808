"""Sums over a conversation: who spoke how long, and what each expressed how often."""

from dataclasses import dataclass

from engine.labels import EMOTIONS, Emotion
from streamer.record import ConversationRecord


@dataclass(frozen=True, slots=True)
class SpeakerSummary:
    """seconds: spoken in all; share: of what all spoke; counts: of sure readings; unsure: readings that were not."""

    speaker: str
    utterances: int
    seconds: float
    share: float
    counts: dict[Emotion, int]
    unsure: int


def summarise(record: ConversationRecord) -> list[SpeakerSummary]:
    """A summary for each speaker, in order of appearance."""
    total = sum(one.end - one.start for one in record.utterances)
    found = []
    for speaker in record.speakers:
        own = [one for one in record.utterances if one.speaker == speaker]
        seconds = sum(one.end - one.start for one in own)
        sure = [one.label for one in own if not one.unsure]
        counts = {emotion: sure.count(emotion) for emotion in EMOTIONS}
        found.append(SpeakerSummary(speaker, len(own), seconds, seconds / total, counts, len(own) - len(sure)))
    return found
