"""Captions for players: WebVTT, and SubRip where that is all a player takes."""

from html import escape
from typing import Final

from streamer.exports.palette import DARK
from streamer.exports.wording import EXPRESSED, milliseconds, one_line, word_for
from streamer.record import ConversationRecord, UtteranceRecord

# Captions are shown on black, so the page's colours for the dark.
_STYLE: Final = "\n".join(f"::cue(v.{label}) {{ color: {colour} }}" for label, colour in DARK.items())


def webvtt(record: ConversationRecord) -> str:
    """WebVTT: the speaker as a voice tag, the emotion as its class and as the first words of the cue."""
    cues = (_cue(number, one) for number, one in enumerate(record.utterances, 1))
    return "\n\n".join(["WEBVTT", f"NOTE {EXPRESSED}", f"STYLE\n{_STYLE}", *cues]) + "\n"


def subrip(record: ConversationRecord) -> str:
    """SubRip (.srt): speaker and emotion in the text, since the format has no place for them."""
    return "\n".join(
        f"{number}\n{_times(one, ',')}\n{_arrowless(_caption(one, speaker=True))}\n"
        for number, one in enumerate(record.utterances, 1)
    )


def _cue(number: int, one: UtteranceRecord) -> str:
    classes = f"{one.label}.unsure" if one.unsure else one.label
    speaker = escape(one_line(one.speaker), quote=False)
    caption = escape(_caption(one, speaker=False), quote=False)
    return f"{number}\n{_times(one, '.')}\n<v.{classes} {speaker}>{caption}</v>"


def _caption(one: UtteranceRecord, *, speaker: bool) -> str:
    expressed = f"({word_for(one.label, unsure=one.unsure)})"
    who = f"{one_line(one.speaker)} {expressed}:" if speaker else expressed
    return f"{who} {one_line(one.text)}".rstrip()


def _arrowless(text: str) -> str:
    """SubRip cannot escape what looks like its own line of times."""
    return text.replace("-->", "→")


def _times(one: UtteranceRecord, point: str) -> str:
    start = milliseconds(one.start)
    return f"{_clock(start, point)} --> {_clock(max(start + 1, milliseconds(one.end)), point)}"


def _clock(time: int, point: str) -> str:
    seconds, thousandths = divmod(time, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{thousandths:03d}"
