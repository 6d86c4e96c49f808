"""A library of any older version is brought to the newest when it is opened, and one of a newer version is refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from streamer.store.errors import StoreError
from streamer.store.migrate import VERSION_TABLE
from streamer.store.schema import Base
from streamer.store.store import Store

VERSION_1 = """
CREATE TABLE undertone_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO undertone_version VALUES ('1');
CREATE TABLE conversation (
    id VARCHAR(6) NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL, title VARCHAR(200) NOT NULL, began DOUBLE NOT NULL,
    duration DOUBLE NOT NULL, bundle TEXT, recogniser TEXT
);
CREATE INDEX ix_conversation_began ON conversation (began);
CREATE TABLE speaker (
    conversation VARCHAR(6) NOT NULL REFERENCES conversation (id) ON DELETE CASCADE, name VARCHAR(64) NOT NULL,
    position INTEGER NOT NULL, PRIMARY KEY (conversation, name)
);
CREATE TABLE utterance (
    key INTEGER NOT NULL PRIMARY KEY, conversation VARCHAR(6) NOT NULL, utterance VARCHAR(80) NOT NULL,
    speaker VARCHAR(64) NOT NULL, start DOUBLE NOT NULL, "end" DOUBLE NOT NULL, text TEXT NOT NULL,
    draft BOOLEAN NOT NULL, words JSON NOT NULL, label VARCHAR(16) NOT NULL, unsure BOOLEAN NOT NULL,
    probabilities JSON NOT NULL, confidence DOUBLE NOT NULL, valence DOUBLE NOT NULL, arousal DOUBLE NOT NULL,
    modalities JSON NOT NULL, latency_ms JSON NOT NULL, CONSTRAINT utterance_once UNIQUE (conversation, utterance),
    CONSTRAINT utterance_speaker FOREIGN KEY (conversation, speaker)
        REFERENCES speaker (conversation, name) ON DELETE CASCADE
);
CREATE VIRTUAL TABLE utterance_words USING fts5(
    text, content = 'utterance', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER utterance_added AFTER INSERT ON utterance BEGIN
    INSERT INTO utterance_words (rowid, text) VALUES (new.key, new.text);
END;
CREATE TRIGGER utterance_deleted AFTER DELETE ON utterance BEGIN
    INSERT INTO utterance_words (utterance_words, rowid, text) VALUES ('delete', old.key, old.text);
END;
INSERT INTO conversation VALUES ('k7q2m9', 'daily', 'Monday', 1760000000.0, 1.5, 'undertone-base', 'sphinx');
INSERT INTO speaker VALUES ('k7q2m9', 'ann', 0);
INSERT INTO utterance VALUES (
    1, 'k7q2m9', 'ann-1', 'ann', 0.5, 1.5, 'so it is', 1, '[{"text": "so", "start": 0.5, "end": 0.8}]', 'joy', 0,
    '{"joy": 1.0}', 0.7, 0.4, -0.2, '{"text": {"weight": 1.0, "label": "joy", "probabilities": {"joy": 1.0}}}',
    '{"total": 512.5}'
);
"""


def test_a_library_of_version_1_is_read_searched_and_written(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(VERSION_1)
    with closing(Store.open(str(file))) as store:
        (one,) = store.read("k7q2m9").utterances
        assert (one.text, one.label, one.words[0].end) == ("so it is", "joy", 0.8)
        assert (one.marks, one.attended) == ((), ())
        assert [entry.title for entry in store.search("so")] == ["Monday"]
        assert store.add("k7q2m9", one.model_copy(update={"utterance": "ben-1", "speaker": "ben", "marks": ("far",)}))
        assert store.read("k7q2m9").utterances[1].marks == ("far",)
        store.delete("k7q2m9")
        assert store.list() == ()


def test_migrations_lead_to_the_tables_that_the_code_knows(store: Store, place: str) -> None:
    engine = create_engine(place if "://" in place else f"sqlite:///{place}")
    ours = set(Base.metadata.tables)

    def table_is_ours(entity: object, name: str | None, type: str, reflected: bool, compared: object) -> bool:
        return type != "table" or name in ours

    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "include_object": table_is_ours}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
    engine.dispose()
    # Only a migration knows PostgreSQL's index of words.
    assert [one for one in found if "utterance_words" not in str(one)] == []


def test_a_library_of_a_newer_version_is_refused_and_left_as_it_is(file: Path) -> None:
    Store.open(str(file)).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE undertone_version SET version_num = '99'")
        connection.commit()
    with pytest.raises(StoreError, match=r"of version 99 .* upgrade Undertone, or choose another library with --store"):
        Store.open(str(file))
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM undertone_version").fetchall() == [("99",)]
