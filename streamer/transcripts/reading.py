"""Transcripts from files: a file of their own, or a track of the recording. ffmpeg's demuxers know the containers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.stream import Stream

from streamer.sources.media import MediaError
from streamer.sources.track import open_container
from streamer.transcripts.cues import Cue, name_speakers, parse_cue

_TEXT_CODECS: Final = frozenset({"webvtt", "subrip", "srt", "mov_text", "ass", "ssa", "text"})
_DEFAULT_SECONDS: Final = 3.0


def read_transcript(path: Path) -> list[Cue]:
    """The cues of a WebVTT, SubRip or ASS file, in order. Raises MediaError where it has none."""
    if not path.is_file():
        raise MediaError(f"There is no transcript {path}. Check the name.")
    try:
        options = {"format_whitelist": "webvtt,srt,ass", "protocol_whitelist": "file"}
        with av.open(f"file:{path}", options=options) as container:
            cues = list(_cues(container, container.streams.subtitles[0], 0.0))
    except (av.FFmpegError, IndexError):
        cues = []
    if not cues:
        raise MediaError(
            f"{path} is no transcript with words: give a WebVTT (.vtt) or SubRip (.srt) file, or --transcript none to "
            "have them recognised."
        )
    return name_speakers(cues)


def embedded_transcript(path: Path, origin: float) -> list[Cue]:
    """The cues of a recording's first track of text, empty where it has none. origin: its clock at time 0."""
    with open_container(path) as container:
        for stream in container.streams.subtitles:
            if stream.codec_context is not None and stream.codec_context.name in _TEXT_CODECS:
                return name_speakers(list(_cues(container, stream, origin)))
    return []


def _cues(container: InputContainer, stream: Stream, origin: float) -> Iterator[Cue]:
    codec = stream.codec_context.name if stream.codec_context is not None else ""
    try:
        for packet in container.demux(stream):
            if packet.pts is None or packet.time_base is None or not packet.size:
                continue
            start = float(packet.pts * packet.time_base) - origin
            seconds = float(packet.duration * packet.time_base) if packet.duration else _DEFAULT_SECONDS
            if start + seconds > 0:
                yield from parse_cue(max(0.0, start), start + seconds, _text(bytes(packet), codec))
    except av.FFmpegError:
        return  # Cut off: what was there is what there is.


def _text(payload: bytes, codec: str) -> str:
    if codec == "mov_text":  # 3GPP TS 26.245: a length of two bytes, the text, then boxes of style.
        payload = payload[2 : 2 + int.from_bytes(payload[:2], "big")]
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        text = payload.decode("cp1252", errors="replace")
    if codec in {"ass", "ssa"}:  # ReadOrder, Layer, Style, Name, three margins, Effect, Text.
        *fields, text = text.split(",", 8)
        name = fields[3].strip() if len(fields) > 3 else ""
        text = text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
        return f"<v {name}>{text}" if name else text
    return text
