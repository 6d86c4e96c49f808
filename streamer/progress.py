"""How far a server is with a recording that it reads, as it tells over HTTP."""

from typing import Literal

from pydantic import Field

from streamer.protocol import ErrorCode, Message


class RecordingError(Message):
    """Why a recording could not be read."""

    code: ErrorCode
    message: str


class RecordingProgress(Message):
    """How far the reading of a recording is. Nothing follows `done`, `failed` and `cancelled`."""

    id: str
    name: str
    state: Literal["waiting", "listening", "reading", "done", "failed", "cancelled"] = Field(
        default="waiting", description="listening: for who speaks, before it is read"
    )
    ahead: int = Field(default=0, description="how many are read before it")
    began: float | None = Field(default=None, description="wall clock when its reading began, seconds since 1970")
    at: float = Field(default=0.0, description="seconds of media that are listened to, or read")
    duration: float | None = Field(default=None, description="seconds in all; null where the file does not say")
    utterances: int = 0
    library: str | None = Field(default=None, description="its id in the library; null where it is not kept there")
    held: bool = Field(default=False, description="what was read is in the server's memory, and nowhere else")
    warnings: tuple[str, ...] = ()
    error: RecordingError | None = None

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        return self.state not in {"waiting", "listening", "reading"}
