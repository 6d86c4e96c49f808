"""Cues as recorders write them, and the turns that they become."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.transcripts.cues import Cue, in_turns, name_speakers, parse_cue


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("<v Ann Smith>Hello there,\nBen &amp; co.</v>", [("Ann Smith", "Hello there, Ben & co.")]),
        ("<v.loud.first Ann>Hello", [("Ann", "Hello")]),
        ("<i>Hello</i> {\\an8}<c.yellow>there</c>", [(None, "Hello there")]),
        ("Where <00:00:02.500>are you?", [(None, "Where are you?")]),
        ("<v Ann>No!</v>\n<v Ben>Yes!</v>", [("Ann", "No!"), ("Ben", "Yes!")]),
        ("<v Ann>\u200b\x07 </v>", []),
        ("", []),
    ],
)
def test_voices_are_told_apart_and_markup_is_no_word(raw: str, said: list[tuple[str | None, str]]) -> None:
    assert [(cue.speaker, cue.text) for cue in parse_cue(1.0, 3.0, raw)] == said


def test_voices_in_one_cue_share_its_time() -> None:
    one, other = parse_cue(10.0, 14.0, "<v Ann>Yes</v><v Ben>Certainly</v>")
    assert (one.start, one.end, other.start, other.end) == (10.0, 11.0, 11.0, 14.0)


def test_names_before_a_colon_are_speakers_as_zoom_writes_them_and_who_has_none_goes_on() -> None:
    cues = [Cue(0, 1, "Ann Smith: Hello."), Cue(1, 2, "Are you there?"), Cue(2, 3, "Ben: Yes: here.")]
    assert [(cue.speaker, cue.text) for cue in name_speakers(cues)] == [
        ("Ann Smith", "Hello."),
        ("Ann Smith", "Are you there?"),
        ("Ben", "Yes: here."),
    ]


def test_a_colon_now_and_then_makes_no_speaker() -> None:
    cues = [Cue(0, 1, "One thing: it rains."), Cue(1, 2, "It is 12:30 now"), Cue(2, 3, "So be it."), Cue(3, 4, "Yes.")]
    assert name_speakers(cues) == cues


@given(
    st.lists(
        st.builds(
            lambda start, length, words: Cue(start / 10, (start + length) / 10, " ".join(["word"] * words)),
            st.integers(0, 600),
            st.integers(-1, 400),
            st.integers(1, 40),
        )
    )
)
def test_turns_never_overlap_are_never_too_long_and_lose_no_word(cues: list[Cue]) -> None:
    whole = [cue for cue in cues if cue.end > cue.start]
    turns = in_turns(whole, 12.0)
    assert all(0 < turn.end - turn.start <= 12.0 + 1e-9 for turn in turns)
    assert all(one.end <= other.start + 1e-9 for one, other in pairwise(turns))
    assert sum(len(turn.text.split()) for turn in turns) == sum(len(cue.text.split()) for cue in whole)
