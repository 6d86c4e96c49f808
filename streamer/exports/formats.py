"""The table of formats, by name and by file suffix."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streamer.exports.captions import subrip, webvtt
from streamer.exports.elan import elan
from streamer.exports.emotionml import emotionml
from streamer.exports.flat import comma_separated, jsonl
from streamer.exports.report import report
from streamer.exports.rttm import rttm
from streamer.exports.textgrid import textgrid
from streamer.record import ConversationRecord


class ExportError(Exception):
    """An export cannot be made; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Format:
    """name: what `--format` takes, and in small letters the file's suffix; suffix: as other tools spell it."""

    name: str
    suffix: str
    render: Callable[[ConversationRecord], str]


_ALL: Final = (
    Format("jsonl", ".jsonl", jsonl),
    Format("csv", ".csv", comma_separated),
    Format("vtt", ".vtt", webvtt),
    Format("srt", ".srt", subrip),
    Format("rttm", ".rttm", rttm),
    Format("textgrid", ".TextGrid", textgrid),
    Format("eaf", ".eaf", elan),
    Format("emotionml", ".emotionml", emotionml),
    Format("html", ".html", report),
)
FORMATS: Final[dict[str, Format]] = {format.name: format for format in _ALL}


def format_named(name: str) -> Format:
    """The format called so, in letters of any size. Raises ExportError, which lists what there is."""
    try:
        return FORMATS[name.lower()]
    except KeyError:
        raise ExportError(f"there is no format '{name}'; choose one of {', '.join(FORMATS)}") from None


def format_of(path: Path) -> Format:
    """The format that a file's suffix names. Raises ExportError, which lists what there is."""
    try:
        return FORMATS[path.suffix[1:].lower()]
    except KeyError:
        suffixes = ", ".join(format.suffix for format in _ALL)
        raise ExportError(f"the suffix of '{path}' names no format; give it one of {suffixes}") from None
