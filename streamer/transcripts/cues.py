"""The cues of a transcript: who says what, when; from the ways in which recorders write it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Final

_VOICE: Final = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_MARKUP: Final = re.compile(r"<[^>]*>|\{\\[^}]*\}")
_NAMED: Final = re.compile(r"(?P<name>[^\W\d_][^:<>\n]{0,59}?)\s*:\s+(?P<text>\S.*)", re.DOTALL)
_MOST_WORDS_OF_A_NAME: Final = 6


@dataclass(frozen=True, slots=True)
class Cue:
    """What one speaker says from `start` to `end`, in seconds; `speaker` is None where the transcript names nobody."""

    start: float
    end: float
    text: str
    speaker: str | None = None


def parse_cue(start: float, end: float, raw: str) -> list[Cue]:
    """One cue as it is written, WebVTT, SubRip or ASS: one for each voice in it, which share its time by their length.

    Markup is left out. A cue without words is none.
    """
    pieces = _VOICE.split(raw)
    voices = [(None, pieces[0]), *zip(map(_plain, pieces[1::2]), pieces[2::2], strict=True)]
    said = [(name or None, text) for name, piece in voices if (text := _plain(piece))]
    total = sum(len(text) for _, text in said)
    cues: list[Cue] = []
    spoken = 0
    for name, text in said:
        begin, spoken = spoken, spoken + len(text)
        cues.append(Cue(_between(start, end, begin / total), _between(start, end, spoken / total), text, name))
    return cues


def name_speakers(cues: Sequence[Cue]) -> list[Cue]:
    """Takes `Name: text` as Zoom and others write it apart, where at least half of the cues have it.

    A cue without a name goes on with the speaker before it, where the others have names.
    """
    if not any(cue.speaker for cue in cues):
        found = [_named(cue) for cue in cues]
        if 2 * sum(cue.speaker is not None for cue in found) >= len(found):
            cues = found
    named: list[Cue] = []
    speaker: str | None = None
    for cue in cues:
        speaker = cue.speaker or speaker
        named.append(replace(cue, speaker=speaker))
    return named


def in_turns(cues: Iterable[Cue], longest: float) -> list[Cue]:
    """One speaker's cues in order, none over another, none longer than `longest` seconds, none without length.

    What begins before the last has ended cuts it off; what is too long is split evenly, and its words with it.
    """
    turns: list[Cue] = []
    for cue in sorted(cues, key=lambda cue: (cue.start, cue.end)):
        last = turns[-1] if turns else None
        if last is None or last.end <= cue.start:
            turns.append(cue)
        elif last.start < cue.start:
            turns[-1:] = [replace(last, end=cue.start), cue]
        else:
            turns[-1] = replace(cue, text=f"{last.text} {cue.text}")
    return [part for cue in turns if cue.end > cue.start for part in _split(cue, longest)]


def _split(cue: Cue, longest: float) -> Iterable[Cue]:
    count = int((cue.end - cue.start) / longest - 1e-9) + 1
    words = cue.text.split()
    step = (cue.end - cue.start) / count
    for number in range(count):
        first, last = number * len(words) // count, (number + 1) * len(words) // count
        text = " ".join(words[first:last])
        if text:
            yield replace(cue, start=cue.start + number * step, end=cue.start + (number + 1) * step, text=text)


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share


def _named(cue: Cue) -> Cue:
    match = _NAMED.fullmatch(cue.text)
    if match is None or len(match["name"].split()) > _MOST_WORDS_OF_A_NAME:
        return cue
    return replace(cue, speaker=match["name"], text=match["text"])


def _plain(text: str) -> str:
    """Words alone: no markup, no line breaks, nothing unprintable."""
    text = unescape(_MARKUP.sub("", text))
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
