"""The tables, at the newest version. A change here needs a migration (`streamer/store/migrations/versions`)."""

from typing import Any

from sqlalchemy import JSON, Double, ForeignKey, ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID_LENGTH = 6


class Base(DeclarativeBase):
    """All tables of the library."""


class ConversationRow(Base):
    """One conversation. name: what it was called on the server; began: wall clock; duration: of what is kept."""

    __tablename__ = "conversation"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    began: Mapped[float] = mapped_column(Double, index=True)
    duration: Mapped[float] = mapped_column(Double)
    bundle: Mapped[str | None] = mapped_column(Text)
    recogniser: Mapped[str | None] = mapped_column(Text)


class SpeakerRow(Base):
    """Who speaks in a conversation; position: from 0, in order of appearance."""

    __tablename__ = "speaker"

    conversation: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int]


class UtteranceRow(Base):
    """One utterance: the fields of an UtteranceRecord under the same names. key: what the index of words refers to."""

    __tablename__ = "utterance"
    __table_args__ = (
        UniqueConstraint("conversation", "utterance", name="utterance_once"),
        ForeignKeyConstraint(
            ["conversation", "speaker"],
            ["speaker.conversation", "speaker.name"],
            "utterance_speaker",
            ondelete="CASCADE",
        ),
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    conversation: Mapped[str] = mapped_column(String(ID_LENGTH))
    utterance: Mapped[str] = mapped_column(String(80))
    speaker: Mapped[str] = mapped_column(String(64))
    start: Mapped[float] = mapped_column(Double)
    end: Mapped[float] = mapped_column(Double)
    text: Mapped[str] = mapped_column(Text)
    draft: Mapped[bool]
    words: Mapped[list[Any]] = mapped_column(JSON)
    label: Mapped[str] = mapped_column(String(16))
    unsure: Mapped[bool]
    probabilities: Mapped[dict[str, Any]] = mapped_column(JSON)
    confidence: Mapped[float] = mapped_column(Double)
    valence: Mapped[float] = mapped_column(Double)
    arousal: Mapped[float] = mapped_column(Double)
    modalities: Mapped[dict[str, Any]] = mapped_column(JSON)
    marks: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")
    attended: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")
    latency_ms: Mapped[dict[str, Any]] = mapped_column(JSON)
