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
from streamer.sample import HEIGHT, SAMPLE, WIDTH, Image, open_portrait, picture
from streamer.sources.file import AudioChunk, FileSource

Transport = Literal["webrtc", "websocket"]

OPUS_RATE: Final = 48_000
OPUS_LOOKAHEAD_SECONDS: Final = 312 / OPUS_RATE
"""By how much libopus's sound is late in its own packets (its pre-skip, RFC 7845; RTP does not take it back)."""
_OPUS_FRAME: Final = OPUS_RATE // 50
_OPUS_BITS: Final = 32_000
VP8_BITS: Final = 400_000
PICTURES_PER_SECOND: Final = 15
SENT_FOR_ONE_LOOK: Final = 1.5
"""As many pictures the page sends for each that a server which falls behind still looks at."""
_LAYERS: Final = ":".join(
    (
        "ts_number_layers=3",
        "ts_target_bitrate=160,240,400",
        "ts_rate_decimator=4,2,1",
        "ts_periodicity=4",
        "ts_layer_id=0,2,1,2",
        "ts_layering_mode=3",
    )
)
"""Of VP8's temporal layers: every second picture can be decoded without the others, and every fourth."""
_JPEG_QUALITY: Final = 80
_JPEGS_PER_SECOND: Final = 10
_PICTURES_PER_KEY: Final = 16
_BETWEEN: Final = Fraction(1, PICTURES_PER_SECOND)
SILENT_SECONDS: Final = 1.0
"""How much silence follows the recording."""


@dataclass(frozen=True, slots=True, eq=False)
class Media:
    """voices: for each speaker its packets, the last `SILENT_SECONDS` of silence.

    pictures: one every `picture_seconds`. They sway as slowly as the sample's, and are of no speaker in particular.

    WebRTC: Opus at 32 kbit/s; VP8 as the page sends it, at 400 kbit/s and 15 pictures a second, but with a key frame
    each second, since nobody here answers who asks for one, and in layers, so that `fewer` can be sent.
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

    def fewer(self, looks: float) -> int:
        """Every how many-th picture goes to a server that looks at so many a second: no fewer than the page sends."""
        enough = PICTURES_PER_SECOND / (SENT_FOR_ONE_LOOK * looks)
        return 4 if enough >= 4 else 2 if enough >= 2 else 1

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


def encode(transport: Transport, seconds: float | None = None) -> Media:
    """The sample, or its beginning; all of it takes some seconds. Raises SampleError where it can't be composed."""
    portrait, voices = open_portrait(), _voices(seconds)
    shown = len(voices[0]) / SAMPLE_RATE - SILENT_SECONDS
    rate = PICTURES_PER_SECOND if transport == "webrtc" else _JPEGS_PER_SECOND
    images = (picture(portrait, number / rate) for number in range(round(shown * rate)))
    if transport == "webrtc":
        return Media(transport, tuple(tuple(_opus(pcm)) for pcm in voices), tuple(_vp8(images)), 1 / rate)
    return Media(transport, tuple(tuple(_pcm16(pcm)) for pcm in voices), tuple(map(_jpeg, images)), 1 / rate)


def _voices(seconds: float | None) -> list[Samples]:
    source = FileSource.open(SAMPLE)
    parts: dict[str, list[Samples]] = {name: [] for name in source.info.speakers}
    for item in source:
        if isinstance(item, AudioChunk):
            parts[item.speaker].append(item.pcm)
    most = None if seconds is None else round(seconds * SAMPLE_RATE)
    whole = [np.concatenate(pieces)[:most] for pieces in parts.values()]
    length = max(map(len, whole)) + round(SILENT_SECONDS * SAMPLE_RATE)
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


def _vp8(images: Iterator[Image]) -> Iterator[bytes]:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height = WIDTH, HEIGHT
    encoder.pix_fmt, encoder.time_base, encoder.framerate = "yuv420p", _BETWEEN, 1 / _BETWEEN
    encoder.bit_rate, encoder.gop_size, encoder.thread_count = VP8_BITS, _PICTURES_PER_KEY, 1
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1"}
    encoder.options |= {"ts-parameters": _LAYERS}
    for number, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, _BETWEEN
        yield from (bytes(packet) for packet in encoder.encode(frame))
    yield from (bytes(packet) for packet in encoder.encode(None))


def _jpeg(image: Image) -> bytes:
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()


def _cut(data: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]) -> Iterator[bytes]:
    whole, ends = data.tobytes(), np.cumsum(lengths)
    return (whole[end - length : end] for end, length in zip(ends, lengths, strict=True))
