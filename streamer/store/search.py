"""Search by words: SQLite's FTS5, PostgreSQL's tsvector, and a plain comparison elsewhere."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, column, func, literal_column, select, table
from sqlalchemy.types import Text

from streamer.store.schema import ConversationRow, UtteranceRow

_WORDS: Final = table("utterance_words", column("rowid"), column("utterance_words", Text))
_SIMPLE: Final = literal_column("'simple'", Text)  # As the index has it: no language's stems and stop words.


def words_of(text: str) -> tuple[str, ...]:
    """The words of what somebody typed; all else, such as the operators of a query language, is thrown away."""
    return tuple(re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text)))


def said(words: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """Whether an utterance has, for each of these words, one that begins with it."""
    if dialect == "sqlite":
        query = " ".join(f'"{word}"*' for word in words)
        return UtteranceRow.key.in_(select(_WORDS.c.rowid).where(_WORDS.c.utterance_words.op("MATCH")(query)))
    if dialect == "postgresql":
        query = " & ".join(f"'{word}':*" for word in words)
        return func.to_tsvector(_SIMPLE, UtteranceRow.text).op("@@")(func.to_tsquery(_SIMPLE, query))
    return and_(*(UtteranceRow.text.icontains(word, autoescape=True) for word in words))


def titled(words: Sequence[str]) -> ColumnElement[bool]:
    """Whether a conversation's title has all these words in it."""
    return and_(*(ConversationRow.title.icontains(word, autoescape=True) for word in words))
