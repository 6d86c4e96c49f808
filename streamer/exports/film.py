"""The recording with what was read drawn into it: boxes on faces, and captions that name speaker and emotion."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from streamer.encoding import film_codec, missing_codec
from streamer.exports.formats import ExportError
from streamer.exports.overlay import Overlay
from streamer.protocol import Event
from streamer.sources.file import upright
from streamer.sources.track import Track, open_container

_BIT_RATE: Final = 2_500_000
_MILLISECOND: Final = Fraction(1, 1000)
# What players of MP4 can be trusted to play; other sound is encoded anew.
_KEPT: Final = frozenset({"aac", "mp3", "opus", "ac3", "eac3", "flac", "alac"})


def annotate(media: Path, events: Iterable[Event], output: Path) -> None:
    """Writes `media` as MP4 with the faces and the final readings of `events`, which a replay of it has written.

    Pictures are turned upright and at most 1280 pixels long; the sound is kept as it is where MP4 can carry it.
    Raises ExportError, streamer.sources.media.MediaError and OSError.
    """
    if output.exists() and output.samefile(media):
        raise ExportError(f"'{output}' is the recording itself; write the annotated one beside it")
    codec = film_codec()
    if codec is None:
        raise ExportError(missing_codec())
    first = next(Track(media, "video").video(), None)
    if first is None:
        raise ExportError(f"'{media}' has no pictures to draw on; export captions for it instead, as .vtt")
    heard = next(Track(media, "audio").audio(), None)
    overlay = Overlay(events, origin=min(frame.time or 0.0 for frame in (heard, first) if frame is not None))
    with open_container(media) as source, av.open(str(output), "w", format="mp4") as out:
        film = _Film(out, codec, first, overlay)
        sound = source.streams.best("audio") if heard is not None else None
        track = _Sound(out, cast(AudioStream, sound)) if sound is not None else None
        chosen = source.streams.best("video")
        for packet in source.demux([stream for stream in (chosen, sound) if stream is not None]):
            if packet.stream is chosen:
                film.take(packet)
            elif track is not None:
                track.take(packet)
        film.end()
        if track is not None:
            track.end()


class _Film:
    def __init__(self, out: OutputContainer, codec: str, first: av.VideoFrame, overlay: Overlay) -> None:
        height, width, _ = upright(first).shape
        self._out = out
        self._overlay = overlay
        self._shown = -1
        self._stream = cast(VideoStream, out.add_stream(codec, rate=25))
        self._stream.width, self._stream.height, self._stream.pix_fmt = width & ~1, height & ~1, "yuv420p"
        self._stream.bit_rate, self._stream.options = _BIT_RATE, {"preset": "veryfast"}
        self._stream.codec_context.time_base = _MILLISECOND  # Calls and phones record at no steady rate.

    def take(self, packet: "Packet[Stream]") -> None:
        for frame in _decoded(packet):
            if not isinstance(frame, av.VideoFrame) or frame.time is None:
                continue
            time = round(1000 * frame.time)
            if time > self._shown:
                drawn = av.VideoFrame.from_ndarray(self._overlay.draw(upright(frame), frame.time), format="rgb24")
                drawn.pts, drawn.time_base = time, _MILLISECOND
                self._out.mux(self._stream.encode(drawn))
                self._shown = time

    def end(self) -> None:
        self._out.mux(self._stream.encode(None))


class _Sound:
    def __init__(self, out: OutputContainer, source: AudioStream) -> None:
        self._out = out
        self._kept = source.codec_context.codec.canonical_name in _KEPT
        self._stream: AudioStream
        if self._kept:
            self._stream = out.add_stream_from_template(source)
        else:
            layout = "mono" if source.layout.nb_channels == 1 else "stereo"
            self._stream = out.add_stream("aac", rate=source.rate, layout=layout)

    def take(self, packet: "Packet[Stream]") -> None:
        if not self._kept:
            for frame in _decoded(packet):
                self._out.mux(self._stream.encode(cast(av.AudioFrame, frame)))
        elif packet.dts is not None:
            packet.stream = self._stream
            self._out.mux(packet)

    def end(self) -> None:
        if not self._kept:
            self._out.mux(self._stream.encode(None))


def _decoded(packet: "Packet[Stream]") -> Iterator[object]:
    try:
        yield from packet.decode()
    except av.FFmpegError:
        return  # What is damaged is left out, as when it was read.
