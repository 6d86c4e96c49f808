"""The library's conversations: written one transaction an utterance, listed, read, searched, renamed, deleted."""

import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Self

from sqlalchemy import Engine, delete, func, select, text, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from streamer.record import ConversationRecord, UtteranceRecord
from streamer.store.database import WRITING, connect, erase_log, keep_log_ahead
from streamer.store.entries import Entry, Kept, clean_title
from streamer.store.errors import NotKept, StoreError, explain
from streamer.store.migrate import migrate
from streamer.store.place import file_of, parse_place
from streamer.store.rows import add_utterance, conversation_row, entries, existing, found_in, give_utterance, record_of
from streamer.store.schema import ID_LENGTH, ConversationRow, SpeakerRow, UtteranceRow
from streamer.store.search import said, titled, words_of

_log = logging.getLogger(__name__)
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else
_TRIES: Final = 10
_FAULTS: Final = (IntegrityError, DataError, ProgrammingError)
"""What is this program's own fault: trying again would not help."""


class Store:
    """One library. Every method is one transaction, may be called from any thread, and blocks.

    All raise StoreError where the database can't be reached or written just now: trying again later may do.
    """

    def __init__(self, place: str, engine: Engine) -> None:
        self.place = place
        self._engine = engine
        self._writing = engine.execution_options(**WRITING)

    @classmethod
    def open(cls, place: str) -> Self:
        """Opens the library at a URL or file, made where there is none, and brings it to the newest version."""
        url = parse_place(place)
        shown = url.database or "" if file_of(url) else url.render_as_string(hide_password=True)
        try:
            store = cls(shown, connect(url))
        except OSError as error:
            raise explain(shown, error) from error
        try:
            store._migrate()
        except DBAPIError as error:
            store.close()
            raise explain(shown, error.orig or error) from error
        except StoreError:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()

    def _migrate(self) -> None:
        if self._engine.dialect.name == "sqlite":
            keep_log_ahead(self._engine)
        migrate(self._engine, self._writing)

    def check_writable(self) -> None:
        """Raises StoreError where nothing could be kept now."""
        with self._transaction(writes=True) as session:
            session.execute(update(ConversationRow).where(ConversationRow.id == "").values(title=""))

    # --- writing -------------------------------------------------------------------------------------------------

    def begin(self, conversation: ConversationRecord, title: str | None = None) -> str:
        """Keeps a conversation, with the utterances that it has so far, and returns the id that it has from now on."""
        for _ in range(_TRIES):
            id = "".join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH))
            with self._transaction(writes=True) as session:
                if session.get(ConversationRow, id) is None:
                    session.add(conversation_row(id, conversation, title))
                    session.flush()
                    for utterance in conversation.utterances:
                        add_utterance(session, id, utterance)
                    return id
        raise StoreError("the library is full: no free id was found")

    def add(self, id: str, utterance: UtteranceRecord) -> bool:
        """Keeps one more utterance; once, however often it is added. False where the conversation has been deleted."""
        with self._transaction(writes=True) as session:
            longer = func.max if self._engine.dialect.name == "sqlite" else func.greatest
            lengthened = (
                update(ConversationRow)
                .where(ConversationRow.id == id)
                .values(duration=longer(ConversationRow.duration, utterance.end))
                .returning(ConversationRow.id)
            )
            if session.scalar(lengthened) is None:
                return False
            add_utterance(session, id, utterance)
            return True

    def give(self, id: str, speakers: Mapping[str, str]) -> None:
        """Utterances that turned out to be somebody else's, by utterance; what is not kept is passed over."""
        with self._transaction(writes=True) as session:
            if session.get(ConversationRow, id) is not None:
                for utterance, speaker in speakers.items():
                    give_utterance(session, id, utterance, speaker)

    def rename(self, id: str, title: str) -> None:
        """Gives a conversation another title. Raises NotKept, and ValueError where that is no title."""
        clean = clean_title(title)
        with self._transaction(writes=True) as session:
            existing(session, id).title = clean

    def delete(self, id: str) -> None:
        """Erases a conversation: its rows, the index of its words, and what the database's log has of both.

        Raises NotKept.
        """
        sqlite = self._engine.dialect.name == "sqlite"
        with self._transaction(writes=True) as session:
            existing(session, id)
            for rows, key in (
                (UtteranceRow, UtteranceRow.conversation),
                (SpeakerRow, SpeakerRow.conversation),
                (ConversationRow, ConversationRow.id),
            ):
                session.execute(delete(rows).where(key == id))
            if sqlite:
                # FTS5 only marks words as deleted; merging all its parts into one drops them.
                session.execute(text("INSERT INTO utterance_words (utterance_words) VALUES ('optimize')"))
        with self._explained():
            erased = not sqlite or erase_log(self._engine)
        if not erased:
            _log.warning("%s is being read: a deleted conversation leaves its log once that ends", self.place)

    # --- reading -------------------------------------------------------------------------------------------------

    def list(self, limit: int = 100, before: float | None = None) -> tuple[Entry, ...]:
        """The newest conversations, those that began before a wall clock time if it is given."""
        with self._transaction() as session:
            wanted = [] if before is None else [ConversationRow.began < before]
            return entries(session, wanted, limit)

    def search(self, words: str, limit: int = 100) -> tuple[Entry, ...]:
        """The newest conversations in whose title, or in one of whose utterances, all the words are found."""
        typed = words_of(words)
        if not typed:
            return ()
        matches = said(typed, self._engine.dialect.name)
        with self._transaction() as session:
            spoken = ConversationRow.id.in_(select(UtteranceRow.conversation).where(matches))
            hits = entries(session, [spoken | titled(typed)], limit)
            found = found_in(session, matches, [hit.id for hit in hits])
        return tuple(hit.model_copy(update={"found": tuple(found[hit.id])}) for hit in hits)

    def entry(self, id: str) -> Entry:
        """One conversation as it is listed. Raises NotKept."""
        with self._transaction() as session:
            return _entry(session, id)

    def kept(self, id: str) -> Kept:
        """One conversation as it is listed, and all that is kept of it. Raises NotKept."""
        with self._transaction() as session:
            return Kept(entry=_entry(session, id), record=record_of(session, id))

    def read(self, id: str) -> ConversationRecord:
        """All that is kept of a conversation. Raises NotKept."""
        with self._transaction() as session:
            return record_of(session, id)

    @contextmanager
    def _transaction(self, *, writes: bool = False) -> Iterator[Session]:
        with self._explained(), Session(self._writing if writes else self._engine) as session, session.begin():
            yield session

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except _FAULTS:
            raise
        except DBAPIError as error:
            raise explain(self.place, error.orig or error) from error


def is_id(text: str) -> bool:
    """Whether this looks like the id of a conversation."""
    return len(text) == ID_LENGTH and set(text) <= set(_ALPHABET)


def _entry(session: Session, id: str) -> Entry:
    for entry in entries(session, [ConversationRow.id == id], 1):
        return entry
    raise NotKept(id)
