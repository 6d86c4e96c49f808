"""Rich Transcription Time Marked: who spoke when, for diarisation tools. NIST RT-09 evaluation plan, appendix A."""

import re

from streamer.exports.wording import milliseconds, one_line
from streamer.record import ConversationRecord


def rttm(record: ConversationRecord) -> str:
    """A SPEAKER line an utterance. Blanks in names become underscores: fields are told apart by blanks."""
    return "".join(
        f"SPEAKER {_field(record.id)} 1 {one.start:.3f} {_duration(one.start, one.end)} "
        f"<NA> <NA> {_field(one.speaker)} <NA> <NA>\n"
        for one in record.utterances
    )


def _duration(start: float, end: float) -> str:
    return f"{max(1, milliseconds(end) - milliseconds(start)) / 1000:.3f}"


def _field(name: str) -> str:
    return re.sub(r"\s", "_", one_line(name)) or "<NA>"
