"""The binary frames in which a client sends media over the WebSocket."""

import struct
from enum import StrEnum
from typing import Final


class FrameKind(StrEnum):
    """What a binary frame carries."""

    AUDIO = "audio"
    VIDEO = "video"


_HEADER: Final = struct.Struct("<BQ")
_KINDS: Final = {1: FrameKind.AUDIO, 2: FrameKind.VIDEO}
_BYTES: Final = {kind: number for number, kind in _KINDS.items()}


def pack_frame(kind: FrameKind, time: float, payload: bytes) -> bytes:
    """A binary frame: one byte of kind, eight of little-endian media time in microseconds, then PCM16 or JPEG."""
    return _HEADER.pack(_BYTES[kind], round(time * 1e6)) + payload


def unpack_frame(data: bytes) -> tuple[FrameKind, float, bytes]:
    """The reverse of `pack_frame`. Raises ValueError with a sentence for the client."""
    if len(data) <= _HEADER.size:
        raise ValueError(f"a binary frame has a 9-byte header and a payload; this one has {len(data)} bytes")
    number, microseconds = _HEADER.unpack_from(data)
    if number not in _KINDS:
        raise ValueError(f"frame kind {number} is unknown; 1 is PCM16 audio, 2 is JPEG video")
    return _KINDS[number], microseconds / 1e6, data[_HEADER.size :]
