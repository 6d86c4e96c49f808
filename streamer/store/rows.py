"""Between the library's rows and what the rest of the program knows: records, entries, what a search has found."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from time import time
from typing import Final

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from streamer.record import ConversationRecord, UtteranceRecord
from streamer.store.entries import MAX_TITLE, Entry, Found, clean_title
from streamer.store.errors import NotKept
from streamer.store.schema import ConversationRow, SpeakerRow, UtteranceRow

_SHOWN: Final = 20


def conversation_row(id: str, conversation: ConversationRecord, title: str | None) -> ConversationRow:
    """The row of a conversation that begins to be kept; a title that is none becomes a plain one."""
    try:
        shown = clean_title((title or conversation.id)[:MAX_TITLE])
    except ValueError:
        shown = "untitled"
    return ConversationRow(
        id=id,
        name=conversation.id,
        title=shown,
        began=time() if conversation.began is None else conversation.began,
        duration=conversation.duration,
        bundle=conversation.bundle,
        recogniser=conversation.recogniser,
    )


def add_utterance(session: Session, id: str, utterance: UtteranceRecord) -> None:
    """Adds an utterance, and its speaker where it is the first; what is there already stays as it is."""
    same = UtteranceRow.conversation == id, UtteranceRow.utterance == utterance.utterance
    if session.scalar(select(UtteranceRow.key).where(*same)) is not None:
        return
    _add_speaker(session, id, utterance.speaker)
    values = utterance.model_dump(mode="json")
    values["text"] = values["text"].replace("\0", "")  # PostgreSQL takes none.
    session.add(UtteranceRow(conversation=id, **values))


def give_utterance(session: Session, id: str, utterance: str, speaker: str) -> None:
    """Makes an utterance that is kept somebody else's, and forgets who has none left."""
    _add_speaker(session, id, speaker)
    said = update(UtteranceRow).where(UtteranceRow.conversation == id, UtteranceRow.utterance == utterance)
    session.execute(said.values(speaker=speaker))
    left = select(UtteranceRow.speaker).where(UtteranceRow.conversation == id)
    session.execute(delete(SpeakerRow).where(SpeakerRow.conversation == id, SpeakerRow.name.not_in(left)))


def _add_speaker(session: Session, id: str, name: str) -> None:
    if session.get(SpeakerRow, (id, name)) is None:
        last = session.scalar(select(func.max(SpeakerRow.position)).where(SpeakerRow.conversation == id))
        session.add(SpeakerRow(conversation=id, name=name, position=0 if last is None else last + 1))
        session.flush()


def record_of(session: Session, id: str) -> ConversationRecord:
    """All that is kept of a conversation, under its id in the library. Raises NotKept."""
    row = existing(session, id)
    said = select(UtteranceRow).where(UtteranceRow.conversation == id)
    utterances = session.scalars(said.order_by(UtteranceRow.start, UtteranceRow.end, UtteranceRow.key))
    return ConversationRecord(
        id=row.id,
        began=row.began,
        bundle=row.bundle,
        recogniser=row.recogniser,
        utterances=tuple(map(_utterance, utterances)),
    )


def _utterance(row: UtteranceRow) -> UtteranceRecord:
    return UtteranceRecord.model_validate({name: getattr(row, name) for name in UtteranceRecord.model_fields})


def existing(session: Session, id: str) -> ConversationRow:
    """A conversation's row. Raises NotKept."""
    row = session.get(ConversationRow, id)
    if row is None:
        raise NotKept(id)
    return row


def entries(session: Session, wanted: Iterable[ColumnElement[bool]], limit: int) -> tuple[Entry, ...]:
    """The newest conversations of which all this is true."""
    newest = (ConversationRow.began.desc(), ConversationRow.id)
    rows = session.scalars(select(ConversationRow).where(*wanted).order_by(*newest).limit(limit)).all()
    ids = [row.id for row in rows]
    speakers: defaultdict[str, list[str]] = defaultdict(list)
    named = select(SpeakerRow).where(SpeakerRow.conversation.in_(ids)).order_by(SpeakerRow.position)
    for speaker in session.scalars(named):
        speakers[speaker.conversation].append(speaker.name)
    each = UtteranceRow.conversation
    counted = select(each, func.count()).where(each.in_(ids)).group_by(each)
    counts = dict(session.execute(counted).tuples().all())
    return tuple(
        Entry(
            id=row.id,
            name=row.name,
            title=row.title,
            began=row.began,
            duration=row.duration,
            speakers=tuple(speakers[row.id]),
            utterances=counts.get(row.id, 0),
            bundle=row.bundle,
            recogniser=row.recogniser,
        )
        for row in rows
    )


def found_in(session: Session, matches: ColumnElement[bool], ids: Collection[str]) -> dict[str, list[Found]]:
    """For each of these conversations, its first utterances that match."""
    each = func.row_number().over(partition_by=UtteranceRow.conversation, order_by=UtteranceRow.start).label("number")
    numbered = select(UtteranceRow.key, each).where(matches, UtteranceRow.conversation.in_(ids)).subquery()
    shown = (
        select(UtteranceRow)
        .join(numbered, numbered.c.key == UtteranceRow.key)
        .where(numbered.c.number <= _SHOWN)
        .order_by(UtteranceRow.start)
    )
    found: dict[str, list[Found]] = {id: [] for id in ids}
    for row in session.scalars(shown):
        found[row.conversation].append(
            Found(utterance=row.utterance, speaker=row.speaker, start=row.start, text=row.text)
        )
    return found
