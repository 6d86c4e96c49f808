"""What the formats share: names, clean text, and times that fit a tier."""

import re
from collections.abc import Sequence
from typing import Final

from engine.labels import Emotion, Modality
from streamer.protocol import Mark

MODALITY_NAMES: Final[dict[Modality, str]] = {"text": "words", "audio": "voice", "video": "face"}
MARK_WORDS: Final[dict[Mark, str]] = {"overlap": "others speak too", "far": "the voice is far away"}
EXPRESSED: Final = "Readings say what is expressed, not what is felt. They were made automatically and are often wrong."
# What XML 1.0 has no way to hold, and no line of text should.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def word_for(label: Emotion, *, unsure: bool) -> str:
    """The word to show. An unsure reading says so instead of posing as a sure one."""
    return f"unsure, perhaps {label}" if unsure else label


def one_line(text: str) -> str:
    """Text without line breaks, runs of blanks and control characters."""
    return " ".join(_UNPRINTABLE.sub("\ufffd", text).split())


def milliseconds(seconds: float) -> int:
    """Media time as whole milliseconds."""
    return round(1000 * seconds)


def spans(times: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """Milliseconds of one tier's intervals, for formats in which those of a tier may neither overlap nor be empty.

    times: seconds, in order of their start. One that runs into the next is cut short; where that leaves nothing, the
    next begins later.
    """
    found: list[tuple[int, int]] = []
    for place, (start, end) in enumerate(times, 1):
        following = times[place][0] if place < len(times) else end
        begin = max(milliseconds(start), found[-1][1] if found else 0)
        cut = milliseconds(min(end, following))
        found.append((begin, max(begin + 1, cut)))
    return found
