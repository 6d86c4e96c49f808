"""WebVTT read back by webvtt-py, SubRip by srt."""

import io
import re
from html import unescape
from typing import Any

import srt
import webvtt
from hypothesis import given

from streamer.exports.captions import subrip
from streamer.exports.captions import webvtt as as_webvtt
from streamer.exports.wording import one_line
from streamer.record import ConversationRecord
from tests.conversations import conversation, utterance
from tests.streamer.exports.hostile import RECORDS, hostile

EMPTY = conversation()


def _cues(record: ConversationRecord) -> list[Any]:
    return list(webvtt.from_buffer(io.StringIO(as_webvtt(record))))


def test_a_cue_has_the_speaker_as_its_voice_and_the_emotion_as_class_and_words() -> None:
    record = conversation(utterance("Ann", 1.5, 3661.25, "well then", "fear", unsure=True))
    (cue,) = _cues(record)
    assert (cue.voice, cue.text) == ("Ann", "(unsure, perhaps fear) well then")
    assert (cue.start, cue.end) == ("00:00:01.500", "01:01:01.250")
    assert "<v.fear.unsure Ann>" in as_webvtt(record)


@given(RECORDS)
def test_webvtt_holds_one_cue_an_utterance_whatever_is_said(record: ConversationRecord) -> None:
    cues = _cues(record)
    assert [unescape(cue.text).partition(") ")[2] for cue in cues] == [one_line(one.text) for one in record.utterances]
    assert [unescape(cue.voice) for cue in cues] == [one_line(one.speaker) for one in record.utterances]


def test_webvtt_has_an_arrow_in_its_times_alone_and_no_tag_but_its_own() -> None:
    text = as_webvtt(hostile())
    assert text.count("-->") == len(hostile().utterances)
    assert {re.sub(r"[. ].*", "", tag) for tag in re.findall(r"</?[^>]+>", text)} == {"<v", "</v>"}


@given(RECORDS)
def test_subrip_holds_one_entry_an_utterance_whatever_is_said(record: ConversationRecord) -> None:
    entries = list(srt.parse(subrip(record)))
    assert [entry.start.total_seconds() for entry in entries] == [one.start for one in record.utterances]
    for entry, one in zip(entries, record.utterances, strict=True):
        assert one_line(one.text).replace("-->", "→") in entry.content
        assert one.label in entry.content
        assert "\n" not in entry.content


def test_subrip_names_speaker_and_emotion_before_the_words() -> None:
    text = subrip(conversation(utterance("Ann", 1, 2, "well then", "fear"), utterance("Ben", 2, 3, "", "joy")))
    assert [entry.content for entry in srt.parse(text)] == ["Ann (fear): well then", "Ben (joy):"]


def test_nobody_speaking_is_a_file_without_cues() -> None:
    assert _cues(EMPTY) == []
    assert subrip(EMPTY) == ""
