"""What is kept of a conversation once it is final: who expressed what, and when. Exports and the store begin here."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from engine.labels import Emotion, Modality
from streamer.protocol import (
    AttendedUtterance,
    EmotionEvent,
    Event,
    Forgotten,
    Mark,
    Message,
    ModalityShare,
    Polar,
    ServerHello,
    Share,
    SpeakersEvent,
    TranscriptEvent,
    Word,
)

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class RecordError(Exception):
    """Events cannot be read as a conversation; the message is a sentence for the user."""


class UtteranceRecord(Message):
    """One utterance's final reading and words. Times are seconds of media time; `text` is empty where none came.

    marks: what made it hard to read, of one in a mixed track. attended: earlier ones that its fusion looked at.
    """

    utterance: str
    speaker: str
    start: Seconds
    end: Seconds
    text: str = ""
    draft: bool = False
    words: tuple[Word, ...] = ()
    label: Emotion
    unsure: bool
    probabilities: dict[Emotion, Share]
    confidence: Share
    valence: Polar
    arousal: Polar
    modalities: dict[Modality, ModalityShare]
    marks: tuple[Mark, ...] = ()
    attended: tuple[AttendedUtterance, ...] = ()
    latency_ms: dict[str, float]

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.end <= self.start:
            raise ValueError(
                f"utterance {self.utterance!r} ends at {self.end} s, not after its start at {self.start} s"
            )
        return self

    @classmethod
    def of(cls, reading: EmotionEvent, transcript: TranscriptEvent | None) -> Self:
        """A final reading with the final transcript of the same utterance. Raises pydantic.ValidationError."""
        left_out = {"type", "participant", "voice", "revision", "final"}
        shared = reading.model_dump(exclude=left_out)
        said = transcript.model_dump(include={"text", "draft", "words"}) if transcript else {}
        return cls.model_validate({**shared, **said, "speaker": reading.voice or reading.participant})


class ConversationRecord(Message):
    """A conversation in its final state.

    began: wall clock of its first event, seconds since 1970.
    media: the recording that it was read from, where there was one.
    utterances: in order of their start.
    truncated: the events ended in the midst of one, as those of a killed run do.
    """

    id: str
    began: float | None = None
    bundle: str | None = None
    recogniser: str | None = None
    media: Path | None = None
    utterances: tuple[UtteranceRecord, ...] = ()
    truncated: bool = False

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if any(later.start < one.start for one, later in zip(self.utterances, self.utterances[1:], strict=False)):
            raise ValueError("utterances come in order of their start")
        return self

    @property
    def speakers(self) -> tuple[str, ...]:
        """Who speaks, in order of appearance."""
        return tuple(dict.fromkeys(one.speaker for one in self.utterances))

    @property
    def duration(self) -> float:
        """Seconds of media time to the end of the last utterance; 0 where there is none."""
        return max((one.end for one in self.utterances), default=0.0)

    @classmethod
    def of(
        cls,
        events: Iterable[Event],
        *,
        bundle: str | None = None,
        recogniser: str | None = None,
        truncated: bool = False,
    ) -> Self:
        """Builds it from a conversation's events, in any order of an utterance's reading and transcript.

        Only final readings count; a transcript without one is of an utterance too short to read. `bundle` and
        `recogniser` are taken from a `hello` among the events where they are not given.
        Raises RecordError where there are no events, or those of several conversations.
        """
        stream = iter(events)
        first = next(stream, None)
        if first is None:
            raise RecordError("there are no events, so there is no conversation to export")
        readings: dict[str, EmotionEvent] = {}
        transcripts: dict[str, TranscriptEvent] = {}
        for event in chain([first], stream):
            if event.conversation != first.conversation:
                raise RecordError(
                    f"the events are of several conversations, '{first.conversation}' and '{event.conversation}'; "
                    "give one at a time"
                )
            match event.body:
                case EmotionEvent(final=True) as reading:
                    readings[reading.utterance] = reading
                case TranscriptEvent(final=True) as transcript:
                    transcripts[transcript.utterance] = transcript
                case SpeakersEvent(utterances=changed):
                    readings |= {
                        id: readings[id].model_copy(update={"voice": voice})
                        for id, voice in changed.items()
                        if id in readings
                    }
                case Forgotten():
                    readings.clear()
                    transcripts.clear()
                case ServerHello() as hello:
                    bundle, recogniser = bundle or hello.bundle, recogniser or hello.recogniser
        try:
            found = [UtteranceRecord.of(reading, transcripts.get(id)) for id, reading in readings.items()]
        except ValidationError as error:
            raise RecordError(error.errors()[0]["msg"]) from error
        return cls(
            id=first.conversation,
            began=first.time,
            bundle=bundle,
            recogniser=recogniser,
            utterances=tuple(sorted(found, key=lambda one: (one.start, one.end))),
            truncated=truncated,
        )


def read_jsonl(path: str | Path) -> ConversationRecord:
    """Reads what `undertone replay -o events.jsonl` writes: an event a line.

    A last line that a killed run left unfinished is left out, and the record says `truncated`.
    Raises RecordError, which names the file and the line, and OSError.
    """
    lines = EventFile(path)
    try:
        record = ConversationRecord.of(lines)
    except RecordError as error:
        raise RecordError(f"{path}: {error}") from error
    return record.model_copy(update={"truncated": lines.truncated})


class EventFile:
    """The events of a file, read one by one, since `faces` alone can make it large. Iterating raises as `read_jsonl`.

    truncated: after a pass, whether its last line was left unfinished.
    """

    def __init__(self, path: str | Path) -> None:
        self.truncated = False
        self._path = Path(path)

    def __iter__(self) -> Iterator[Event]:
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    event = Event.from_json(line)
                except ValueError as error:
                    if not line.endswith(b"\n"):
                        self.truncated = True
                        return
                    raise RecordError(
                        f"line {number} is not an event of Undertone's protocol; the file must be what "
                        "'undertone replay FILE -o events.jsonl' writes, unchanged"
                    ) from error
                yield event
