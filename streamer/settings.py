"""Every bound and interval of the streamer, in one frozen object that validates itself."""

from dataclasses import dataclass, field

from streamer.segmenter import SegmenterConfig


@dataclass(frozen=True, slots=True)
class Settings:
    """Times in seconds of media unless the name says otherwise.

    live: give provisional readings and begin recognition inside the hangover; a file needs neither, and reads the same.
    behind_seconds: where steps of the live analysis take so long, the machine can't keep up (streamer/load.py).
    calm_seconds: for how long none may have taken half of that until more is done again.
    pending_utterances: finals that may wait in one conversation; over it, an utterance is read without its words.
    ring_events: how many events a client that reconnects can get again.
    subscriber_events: how far a reader may fall behind before it is closed.
    hold_seconds: for how long the name of one whose connection broke is kept for them (streamer/server/seats.py).
    store: where what is final is kept, a database's URL or an SQLite file; None keeps nothing.
    store_utterances: how many may wait while the store can't be written; over it, they are not kept.
    max_recordings: how many recordings may wait to be read, the one that is being read included.
    """

    segmenter: SegmenterConfig = field(default_factory=SegmenterConfig)
    live: bool = True
    provisional_seconds: float = 0.5
    faces_per_second: float = 10.0
    max_faces: int = 9
    faces_per_utterance: int = 10
    audio_queue_seconds: float = 5.0
    gap_seconds: float = 1.0
    stall_seconds: float = 0.5
    behind_seconds: float = 0.3
    calm_seconds: float = 5.0
    pending_utterances: int = 16
    ring_events: int = 4096
    subscriber_events: int = 512
    max_sessions: int = 64
    max_conversations: int = 32
    max_participants: int = 8
    max_session_seconds: float = 4 * 3600.0
    idle_seconds: float = 30.0
    linger_seconds: float = 120.0
    hold_seconds: float = 30.0
    drain_seconds: float = 10.0
    max_message_bytes: int = 1 << 19
    max_picture_pixels: int = 1920 * 1080
    max_messages_per_second: int = 200
    max_bytes_per_second: int = 4 << 20
    media_errors: int = 20
    store: str | None = None
    store_utterances: int = 10_000
    max_recordings: int = 8
    max_recording_bytes: int = 4 << 30

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0:
                raise ValueError(f"{name} must be above 0, not {value}")

    def limits(self) -> dict[str, float]:
        """What a client should know before it sends."""
        return {
            "max_message_bytes": self.max_message_bytes,
            "max_messages_per_second": self.max_messages_per_second,
            "max_bytes_per_second": self.max_bytes_per_second,
            "max_picture_pixels": self.max_picture_pixels,
            "max_session_seconds": self.max_session_seconds,
            "max_participants": self.max_participants,
            "idle_seconds": self.idle_seconds,
            "faces_per_second": self.faces_per_second,
            "ring_events": self.ring_events,
            "max_recording_bytes": self.max_recording_bytes,
        }
