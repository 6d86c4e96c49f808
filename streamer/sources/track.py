"""One track of a media file, decoded as a stream."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final, Literal

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from streamer.sources.media import MediaError

# The demuxers of recordings. ffmpeg would also draw a text as a terminal does, and follow play lists to other files.
_FORMATS: Final = (
    "wav,w64,aiff,au,caf,mp3,flac,ogg,aac,ac3,eac3,dts,amr,gsm,voc,wv,ape,tta,mov,mp4,matroska,webm,avi,mpegts,mpeg,"
    "asf,flv,mxf,dv,nut,rm"
)

_REORDERED: Final = 16  # a film's packets come in the order of decoding, H.264's at most so many pictures early
Part = Callable[[float], int]


def open_container(path: Path) -> InputContainer:
    """Opens a file, never anything else. Raises MediaError."""
    try:
        size = path.stat().st_size if path.is_file() else None
        if size is not None:
            path.open("rb").close()
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from error
    if size is None:
        raise MediaError(f"There is no file {path}. Check the name.")
    if size == 0:
        raise MediaError(f"{path} is empty: 0 bytes. Was the recording ever saved?")
    try:
        options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
        return av.open(f"file:{path}", options=options)
    except av.FFmpegError as error:
        raise MediaError(
            f"{path} is not a recording that can be read ({error.strerror}). If it was cut off while it was saved, its "
            "index is missing; else give a wav, mp3, flac, ogg, opus, m4a, mp4, mkv or webm file."
        ) from error


class Track:
    """The best audio or video stream of a file. Each pass opens the file anew and holds one packet at a time.

    until: media time up to which packets have been read, in seconds on the file's own clock.
    damaged: some packets could not be decoded, and were left out.
    """

    def __init__(self, path: Path, kind: Literal["audio", "video"]) -> None:
        self.until = 0.0
        self.damaged = False
        self._path = path
        self._kind: Literal["audio", "video"] = kind

    def audio(self) -> Iterator[av.AudioFrame]:
        """The decoded frames, in order."""
        return (frame for frame in self._frames() if isinstance(frame, av.AudioFrame))

    def video(self, since: float | None = None, part: Part | None = None) -> Iterator[av.VideoFrame]:
        """The decoded pictures, in order, with times on the file's clock.

        since: those before this time may be left out.
        part: numbers the parts of time, of each of which the first picture alone is given. The others are decoded only
        where pictures are made from them, which for a usual film leaves out a third.
        """
        if since is not None:
            frames = self._pictures(since, part)
            first = next(frames, None)
            if first is not None and first.time is not None and first.time <= since:
                return chain([first], frames)
        return self._pictures(None, part)

    def _pictures(self, since: float | None, part: Part | None) -> Iterator[av.VideoFrame]:
        frames = (frame for frame in self._frames(since, part) if isinstance(frame, av.VideoFrame))
        return frames if part is None else _first_of_each(frames, part)

    def _frames(self, since: float | None = None, part: Part | None = None) -> Iterator[object]:
        with open_container(self._path) as container:
            stream = container.streams.best(self._kind)
            if stream is None or stream.disposition & Disposition.attached_pic:
                return
            codec = stream.codec_context
            if isinstance(codec, av.VideoCodecContext):
                codec.thread_type = "AUTO"
            if since is not None and not self._seek(container, stream, since):
                return
            lately: deque[float] = deque(maxlen=_REORDERED)
            whole = False  # Of an interlaced picture each field may be a packet: then none is left out.
            for packet in self._packets(container, stream):
                if part is not None:
                    spare = whole and _comes_later(packet, lately, part)
                    codec.skip_frame = "NONREF" if spare else "DEFAULT"
                try:
                    for frame in packet.decode():
                        whole = isinstance(frame, av.VideoFrame) and not frame.interlaced_frame
                        yield frame
                except av.FFmpegError:
                    self.damaged |= since is None  # In the midst of a film the first pictures may lack what they need.

    def _seek(self, container: InputContainer, stream: Stream, since: float) -> bool:
        """To the last picture that needs no other, before a time; False where the file has no index to find it by."""
        try:
            container.seek(int(since / stream.time_base) if stream.time_base else 0, stream=stream)
        except av.FFmpegError:
            return False
        return True

    def _packets(self, container: InputContainer, stream: Stream) -> "Iterator[Packet[Stream]]":
        try:
            for packet in container.demux(stream):
                if packet.pts is not None and packet.time_base is not None:
                    self.until = max(self.until, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                yield packet
        except av.FFmpegError:
            self.damaged = True


def _first_of_each(frames: Iterator[av.VideoFrame], part: Part) -> Iterator[av.VideoFrame]:
    last = None
    for frame in frames:
        number = part(frame.time or 0.0)
        if last is None or number > last:
            last = number
            yield frame


def _comes_later(packet: "Packet[Stream]", lately: deque[float], part: Part) -> bool:
    """Whether a picture of the same part of time, and an earlier one, is among the last packets; else this one is."""
    if packet.pts is None or packet.time_base is None:
        return False
    time = float(packet.pts * packet.time_base)
    if any(other < time and part(other) == part(time) for other in lately):
        return True
    lately.append(time)
    return False
