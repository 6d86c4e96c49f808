"""Conversations that are hard to write down: markup, arrows, quotes, control characters, scripts from right to left."""

from typing import Final

from hypothesis import strategies as st

from engine.labels import EMOTIONS
from streamer.protocol import Mark
from streamer.record import ConversationRecord
from tests.conversations import conversation, utterance

TEXTS: Final = (
    "",
    "   ",
    'she said "no", <b>twice</b> & left',
    "00:00:01.000 --> 00:00:02.000",
    "one\n\ntwo\r\nthree\tfour",
    "😀 שלום مرحبا",
    "=1+1,;\x00\x07\ufffe",
    "]]> --> <!-- {{ x }} &amp; <script>alert(1)</script>",
)
NAMES: Final = ("ann", "<v Ben> & co", 'a "quoted", name\nof two lines', "שרה 😀", "--> x")

MARKS: Final[tuple[Mark, ...]] = ("overlap", "far")


def hostile() -> ConversationRecord:
    """Every speaker says every text; utterances overlap with others' and with the same speaker's own."""
    pairs = [(name, text) for text in TEXTS for name in NAMES]
    return conversation(
        *(
            utterance(
                name,
                round(0.4 * n, 3),
                round(0.4 * n + 0.9, 3),
                text,
                EMOTIONS[n % 7],
                unsure=n % 3 == 0,
                marks=MARKS[: n % 3],
            )
            for n, (name, text) in enumerate(pairs)
        ),
        id="<daily> & weekly",
    )


_TIMES = st.integers(0, 60_000).flatmap(lambda start: st.tuples(st.just(start), st.integers(start + 1, start + 9_000)))
_UTTERANCES = st.builds(
    lambda speaker, times, text, label, unsure: utterance(
        speaker, times[0] / 1000, times[1] / 1000, text, label, unsure=unsure
    ),
    st.sampled_from(NAMES),
    _TIMES,
    st.text(max_size=12),
    st.sampled_from(EMOTIONS),
    st.booleans(),
)
RECORDS: Final = st.lists(_UTTERANCES, max_size=6).map(lambda found: conversation(*found))
