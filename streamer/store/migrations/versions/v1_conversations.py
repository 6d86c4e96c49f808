"""Version 1: conversations, speakers, utterances, and an index of the words."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

# The index holds no text of its own: it refers to the utterances', and triggers keep it true to them.
_SQLITE_WORDS: Final = (
    """
    CREATE VIRTUAL TABLE utterance_words USING fts5(
        text, content = 'utterance', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER utterance_added AFTER INSERT ON utterance BEGIN
        INSERT INTO utterance_words (rowid, text) VALUES (new.key, new.text);
    END
    """,
    """
    CREATE TRIGGER utterance_deleted AFTER DELETE ON utterance BEGIN
        INSERT INTO utterance_words (utterance_words, rowid, text) VALUES ('delete', old.key, old.text);
    END
    """,
)
_POSTGRESQL_WORDS: Final = "CREATE INDEX utterance_words ON utterance USING gin (to_tsvector('simple', text))"


def upgrade() -> None:
    """Makes everything."""
    op.create_table(
        "conversation",
        sa.Column("id", sa.String(6), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("began", sa.Double, nullable=False, index=True),
        sa.Column("duration", sa.Double, nullable=False),
        sa.Column("bundle", sa.Text),
        sa.Column("recogniser", sa.Text),
    )
    op.create_table(
        "speaker",
        sa.Column("conversation", sa.String(6), sa.ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_table(
        "utterance",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("conversation", sa.String(6), nullable=False),
        sa.Column("utterance", sa.String(80), nullable=False),
        sa.Column("speaker", sa.String(64), nullable=False),
        sa.Column("start", sa.Double, nullable=False),
        sa.Column("end", sa.Double, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("draft", sa.Boolean, nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("unsure", sa.Boolean, nullable=False),
        sa.Column("probabilities", sa.JSON, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("valence", sa.Double, nullable=False),
        sa.Column("arousal", sa.Double, nullable=False),
        sa.Column("modalities", sa.JSON, nullable=False),
        sa.Column("latency_ms", sa.JSON, nullable=False),
        sa.UniqueConstraint("conversation", "utterance", name="utterance_once"),
        sa.ForeignKeyConstraint(
            ["conversation", "speaker"],
            ["speaker.conversation", "speaker.name"],
            "utterance_speaker",
            ondelete="CASCADE",
        ),
    )
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        for statement in _SQLITE_WORDS:
            op.execute(statement)
    elif dialect == "postgresql":
        op.execute(_POSTGRESQL_WORDS)
