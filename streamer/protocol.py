"""The protocol, defined once: every message between a client and the server.

The page's TypeScript types are generated from this module (`undertone schema`), so it imports only pydantic and
the engine's labels. Times are seconds of media time from the start of the conversation.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from engine.labels import Emotion, Modality

PROTOCOL_VERSION: Final = 1
MAX_SIGNAL_CHARACTERS: Final = 1 << 15
_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
Identifier = Annotated[
    str, Field(pattern=_ID, description="1 to 64 of A-Z a-z 0-9 _ . -, beginning with a letter or digit")
]
Claim = Annotated[str, Field(min_length=16, max_length=64)]
Share = Annotated[float, Field(ge=0, le=1)]
Polar = Annotated[float, Field(ge=-1, le=1)]
Mark = Literal["overlap", "far"]
Speakers = Literal["one", "mixed"]


class Message(BaseModel):
    """Base of all messages: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ErrorCode(StrEnum):
    """The fixed list of what can go wrong."""

    BAD_JSON = "bad_json"
    BAD_MESSAGE = "bad_message"
    BAD_FRAME = "bad_frame"
    TOO_LARGE = "too_large"
    TOO_FAST = "too_fast"
    EXPECTED_HELLO = "expected_hello"
    UNEXPECTED_HELLO = "unexpected_hello"
    UNSUPPORTED_VERSION = "unsupported_version"
    CONSENT_REQUIRED = "consent_required"
    CONVERSATION_FULL = "conversation_full"
    SERVER_FULL = "server_full"
    PARTICIPANT_TAKEN = "participant_taken"
    REPLACED = "replaced"
    NOT_SENDING = "not_sending"
    TIME_WENT_BACK = "time_went_back"
    RESUME_GONE = "resume_gone"
    SESSION_TOO_LONG = "session_too_long"
    IDLE = "idle"
    BAD_MEDIA = "bad_media"
    BAD_OFFER = "bad_offer"
    NOT_FOUND = "not_found"
    FORBIDDEN_ORIGIN = "forbidden_origin"
    SHUTTING_DOWN = "shutting_down"
    INTERNAL = "internal"


# --- client to server -------------------------------------------------------------------------------------------


class Hello(Message):
    """Opens a session. Without `participant` it only watches; with one it may send media, once `consent` is true."""

    type: Literal["hello"] = "hello"
    version: int = PROTOCOL_VERSION
    conversation: Identifier
    participant: Identifier | None = None
    consent: bool = False
    links: bool = Field(default=False, description="wants `peers` and `signal`, to send media to other pages directly")
    resume_after: int | None = Field(default=None, ge=0, description="the last seq seen; what follows is sent again")
    claim: Claim | None = Field(
        default=None, description="a secret of this client's own: with the same one it comes back to its name at once"
    )
    origin: float | None = Field(default=None, ge=0, description="conversation time of media time 0; now if left out")
    speakers: Speakers = Field(default="one", description="'mixed': several people speak in this participant's sound")


class Mute(Message):
    """Stops (or restarts) the analysis of this participant's voice; sound sent while muted is thrown away."""

    type: Literal["mute"] = "mute"
    muted: bool


class Pause(Message):
    """Stops (or restarts) all analysis of this participant; media sent while paused is thrown away."""

    type: Literal["pause"] = "pause"
    paused: bool


class Flush(Message):
    """Ends the utterance under way as if the speaker had fallen silent."""

    type: Literal["flush"] = "flush"


class Ping(Message):
    """Answered by `pong` with the same nonce."""

    type: Literal["ping"] = "ping"
    nonce: int = Field(ge=0, le=2**53 - 1)


class Signal(Message):
    """Is passed on to one other session of the conversation: what two pages need to link to each other directly."""

    type: Literal["signal"] = "signal"
    to: Identifier = Field(description="a peer of the last `peers` event")
    data: str = Field(max_length=MAX_SIGNAL_CHARACTERS, description="the server does not read it")


class Bye(Message):
    """Ends the session: the utterance under way is finished and answered first."""

    type: Literal["bye"] = "bye"


ClientMessage = Annotated[Hello | Mute | Pause | Flush | Ping | Signal | Bye, Field(discriminator="type")]
CLIENT_MESSAGE: Final[TypeAdapter[ClientMessage]] = TypeAdapter(ClientMessage)


# --- server to client: bodies, without seq and time ----------------------------------------------------------------


class ServerHello(Message):
    """The first event of a session: who answers, and within which limits."""

    type: Literal["hello"] = "hello"
    version: int = PROTOCOL_VERSION
    bundle: str
    labels: tuple[Emotion, ...]
    recogniser: str
    draft: bool = Field(description="the recogniser is a fallback of draft quality: its text is rough")
    consented: bool
    kept: bool = Field(default=False, description="what is said is kept in this server's library until deleted")
    peer: str | None = Field(default=None, description="this session's own id in `peers`; null without `links`")
    limits: dict[str, float]


class Speech(Message):
    """A participant began or ceased to speak."""

    type: Literal["speech"] = "speech"
    participant: str
    state: Literal["started", "ended"]
    at: float


class Word(Message):
    """One recognised word and when it was said."""

    text: str
    start: float
    end: float


class TranscriptEvent(Message):
    """What was said. Provisional text may change until the final event of the same utterance."""

    type: Literal["transcript"] = "transcript"
    utterance: str
    participant: str
    start: float
    end: float
    final: bool
    draft: bool
    text: str
    words: tuple[Word, ...] = ()
    voice: str | None = Field(default=None, description="in mixed sound: who of the participant's speakers it is")
    marks: tuple[Mark, ...] = Field(default=(), description="in a mixed track: others speak too; the voice is far")


class ModalityShare(Message):
    """What one modality did for a reading: its weight (they sum to 1), and what it alone would have said."""

    weight: Share
    label: Emotion
    probabilities: dict[Emotion, Share]


class AttendedUtterance(Message):
    """An earlier utterance that a reading attended to, and its share of that attention."""

    utterance: str
    weight: Share


class EmotionEvent(Message):
    """What an utterance expresses. Higher revisions replace lower ones; `final` is the last."""

    type: Literal["emotion"] = "emotion"
    utterance: str
    participant: str
    start: float
    end: float
    revision: int
    final: bool
    label: Emotion
    unsure: bool
    probabilities: dict[Emotion, Share]
    confidence: Share
    valence: Polar
    arousal: Polar
    modalities: dict[Modality, ModalityShare]
    attended: tuple[AttendedUtterance, ...] = Field(
        default=(), description="of a final: the earlier utterances that the fusion attended to most, most first"
    )
    voice: str | None = Field(default=None, description="in mixed sound: who of the participant's speakers it is")
    marks: tuple[Mark, ...] = Field(default=(), description="in a mixed track: others speak too; the voice is far")
    latency_ms: dict[str, float] = Field(
        description="by stage; 'total' runs from the end of speech, 'beyond_hangover' from the end of the hangover"
    )


class SpeakersEvent(Message):
    """More speech has shown that earlier utterances of a mixed track are somebody else's; by utterance, whose."""

    type: Literal["speakers"] = "speakers"
    participant: str
    utterances: dict[str, str]


class FaceBox(Message):
    """One face in one frame. The box is in shares of the picture's width and height."""

    id: int
    x: float
    y: float
    width: float
    height: float
    label: Emotion
    unsure: bool
    confidence: Share
    speaking: bool = Field(default=False, description="its speaker is heard, or its mouth moves most meanwhile")
    speaker: str | None = Field(default=None, description="whose face it is, where that is known")


class FacesEvent(Message):
    """The faces of one video frame of a participant; an empty list says that none is seen."""

    type: Literal["faces"] = "faces"
    participant: str
    at: float
    faces: tuple[FaceBox, ...]
    latency_ms: float


class Participants(Message):
    """Who is in the conversation now, whose voice is muted, and for whom all analysis is paused."""

    type: Literal["participants"] = "participants"
    present: tuple[str, ...]
    muted: tuple[str, ...]
    paused: tuple[str, ...] = ()


class Forgotten(Message):
    """All that was said before has been erased here; whoever shows it should erase it too. Nothing more is kept."""

    type: Literal["forgotten"] = "forgotten"


class PeerSession(Message):
    """A session that can be linked to. Without a participant it only watches, and sends nothing."""

    id: str
    participant: str | None


class Peers(Message):
    """Who can be linked to now, this session among them. For sessions that asked for `links`."""

    type: Literal["peers"] = "peers"
    peers: tuple[PeerSession, ...]


class SignalEvent(Message):
    """What another session sent to this one."""

    type: Literal["signal"] = "signal"
    sender: str
    data: str


class Lag(Message):
    """The server or this subscriber is behind; what was dropped since the last such event, by kind.

    Where the server does less or more than before to keep up, it says what it does from now on.
    """

    type: Literal["lag"] = "lag"
    seconds: float = Field(description="how far behind; 0 where it is not, as when it does more again")
    dropped: dict[str, int]
    faces_per_second: float | None = Field(default=None, description="pictures looked at from now on; null: as before")
    provisional: bool | None = Field(default=None, description="whether there are provisional readings from now on")


class Warning(Message):
    """Something works less well than it could; the session goes on."""

    type: Literal["warning"] = "warning"
    message: str


class Error(Message):
    """Something was refused or failed. A fatal error closes the session after it."""

    type: Literal["error"] = "error"
    code: ErrorCode
    message: str
    fatal: bool


class Pong(Message):
    """The answer to `ping`."""

    type: Literal["pong"] = "pong"
    nonce: int


class ServerBye(Message):
    """The last event of a session."""

    type: Literal["bye"] = "bye"
    reason: Literal["client", "shutdown", "ended", "error"]


Body = Annotated[
    ServerHello
    | Speech
    | TranscriptEvent
    | EmotionEvent
    | SpeakersEvent
    | FacesEvent
    | Participants
    | Forgotten
    | Peers
    | SignalEvent
    | Lag
    | Warning
    | Error
    | Pong
    | ServerBye,
    Field(discriminator="type"),
]


class Event(Message):
    """An event as it is sent: the body's fields beside `seq`, `conversation` and `time`.

    seq: rises by one with each event of a conversation, from 1. Events for one session alone (hello, error, pong,
    peers, signal, bye, its own lag) carry the last seq of the conversation. They and `faces` are not sent again on
    resume.
    time: wall clock, seconds since 1970.
    """

    seq: int
    conversation: str
    time: float
    body: Body

    def to_json(self) -> str:
        """One flat JSON object."""
        head = {"seq": self.seq, "type": self.body.type, "conversation": self.conversation, "time": self.time}
        return _FLAT.dump_json({**head, **self.body.model_dump(mode="json")}).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "Event":
        """The reverse of `to_json`. Raises pydantic.ValidationError."""
        flat = _FLAT.validate_json(text)
        head = {name: flat.pop(name, None) for name in ("seq", "conversation", "time")}
        return cls.model_validate({**head, "body": flat})


_FLAT: Final[TypeAdapter[dict[str, object]]] = TypeAdapter(dict[str, object])
