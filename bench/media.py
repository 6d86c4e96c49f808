"""The sample recording as packets: encoded once and shared, so that who sends it costs next to nothing.

Sound goes out in packets of 20 ms, once those are over. Pictures go out when they are shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal, Self, cast

import av
import cv2
import numpy as np
import numpy.typing as npt

from engine.utterance import SAMPLE_RATE
from streamer.audio import FRAME, Samples
from streamer.listener import FRAME_SECONDS
from streamer.sources.file import AudioChunk, FileSource
from streamer.sources.track import Track

Transport = Literal["webrtc", "websocket"]

OPUS_RATE: Final = 48_000
OPUS_LOOKAHEAD_SECONDS: Final = 312 / OPUS_RATE
"""By how much libopus's sound is late in its own packets (its pre-skip, RFC 7845; RTP does not take it back)."""
_OPUS_FRAME: Final = OPUS_RATE // 50
_OPUS_BITS: Final = 32_000
_VP8_BITS: Final = 600_000
_JPEG_QUALITY: Final = 80
_JPEGS_PER_SECOND: Final = 10
_SILENT_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Media:
    """voices: for each speaker its packets; the last second of each is silence. pictures: one every `picture_seconds`.

    WebRTC: Opus at 32 kbit/s, VP8 at 600 kbit/s and 25 pictures a second, each second a key frame.
    WebSocket: PCM16, and JPEG ten times a second, which is as many as the server looks at.
    """

    transport: Transport
    voices: tuple[tuple[bytes, ...], ...]
    pictures: tuple[bytes, ...]
    picture_seconds: float

    @property
    def seconds(self) -> float:
        """How long the sound is."""
        return len(self.voices[0]) * FRAME_SECONDS

    def write(self, path: Path) -> None:
        """As plain arrays of bytes."""
        tracks = dict(enumerate((*self.voices, self.pictures)))
        arrays = {f"bytes{i}": np.frombuffer(b"".join(packets), np.uint8) for i, packets in tracks.items()}
        arrays |= {f"lengths{i}": np.array([len(packet) for packet in packets]) for i, packets in tracks.items()}
        np.savez(path, transport=self.transport, picture_seconds=self.picture_seconds, **arrays)

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` wrote."""
        with np.load(path, allow_pickle=False) as file:
            count = sum(name.startswith("lengths") for name in file.files)
            *voices, pictures = (tuple(_cut(file[f"bytes{i}"], file[f"lengths{i}"])) for i in range(count))
            transport = cast(Transport, str(file["transport"]))
            return cls(transport, tuple(voices), pictures, float(file["picture_seconds"]))


def encode(recording: Path, transport: Transport) -> Media:
    """All of a recording with pictures. Takes some seconds."""
    voices = _voices(FileSource.open(recording))
    frames = Track(recording, "video").video()
    if transport == "webrtc":
        pictures, seconds = tuple(_vp8(frames)), 1 / 25
        return Media(transport, tuple(tuple(_opus(pcm)) for pcm in voices), pictures, seconds)
    pictures = tuple(_jpeg(frame) for frame in frames if _due(frame))
    return Media(transport, tuple(tuple(_pcm16(pcm)) for pcm in voices), pictures, 1 / _JPEGS_PER_SECOND)


def _voices(source: FileSource) -> list[Samples]:
    parts: dict[str, list[Samples]] = {name: [] for name in source.info.speakers}
    for item in source:
        if isinstance(item, AudioChunk):
            parts[item.speaker].append(item.pcm)
    whole = [np.concatenate(pieces) for pieces in parts.values()]
    length = max(map(len, whole)) + round(_SILENT_SECONDS * SAMPLE_RATE)
    length += -length % FRAME
    return [np.pad(pcm, (0, length - len(pcm))) for pcm in whole]


def _pcm16(pcm: Samples) -> Iterator[bytes]:
    samples = np.clip(np.rint(pcm * 32768), -32768, 32767).astype("<i2")
    return (samples[first : first + FRAME].tobytes() for first in range(0, len(samples), FRAME))


def _opus(pcm: Samples) -> Iterator[bytes]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = OPUS_RATE, "mono", av.AudioFormat("s16")
    encoder.bit_rate, encoder.options = _OPUS_BITS, {"application": "voip"}
    resampler = av.AudioResampler(format="s16", layout="mono", rate=OPUS_RATE, frame_size=_OPUS_FRAME)
    frame = av.AudioFrame.from_ndarray((np.clip(pcm, -1, 1) * 32767).astype(np.int16)[None], "s16", "mono")
    frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), 0
    packets = [packet for piece in resampler.resample(frame) for packet in encoder.encode(piece)]
    return (bytes(packet) for packet in packets[: len(pcm) // FRAME])


def _vp8(frames: Iterator[av.VideoFrame]) -> Iterator[bytes]:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.pix_fmt, encoder.time_base, encoder.framerate = "yuv420p", Fraction(1, 25), Fraction(25)
    encoder.bit_rate, encoder.gop_size, encoder.thread_count = _VP8_BITS, 25, 1
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1"}
    for number, frame in enumerate(frames):
        if number == 0:
            encoder.width, encoder.height = frame.width, frame.height
        shown = frame.reformat(format="yuv420p")
        shown.pts, shown.time_base = number, Fraction(1, 25)
        yield from (bytes(packet) for packet in encoder.encode(shown))
    yield from (bytes(packet) for packet in encoder.encode(None))


def _due(frame: av.VideoFrame) -> bool:
    """Whether it is the first of its tenth of a second, at 25 a second."""
    number = round((frame.time or 0.0) * 25)
    return number * _JPEGS_PER_SECOND // 25 > (number - 1) * _JPEGS_PER_SECOND // 25


def _jpeg(frame: av.VideoFrame) -> bytes:
    image = frame.to_ndarray(format="bgr24")
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()


def _cut(data: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]) -> Iterator[bytes]:
    whole, ends = data.tobytes(), np.cumsum(lengths)
    return (whole[end - length : end] for end, length in zip(ends, lengths, strict=True))
