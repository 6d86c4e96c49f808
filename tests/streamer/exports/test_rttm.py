"""RTTM: ten fields a line, told apart by blanks."""

from hypothesis import given

from streamer.exports.rttm import rttm
from streamer.record import ConversationRecord
from tests.conversations import conversation, utterance
from tests.streamer.exports.hostile import RECORDS


def test_a_speaker_line_says_who_spoke_from_when_and_how_long() -> None:
    record = conversation(utterance("ann lee", 1.25, 3))
    assert rttm(record) == "SPEAKER daily 1 1.250 1.750 <NA> <NA> ann_lee <NA> <NA>\n"


@given(RECORDS)
def test_every_line_has_ten_fields_whatever_the_speakers_are_called(record: ConversationRecord) -> None:
    lines = [line.split() for line in rttm(record).splitlines()]
    assert len(lines) == len(record.utterances)
    for line, one in zip(lines, record.utterances, strict=True):
        assert len(line) == 10
        assert float(line[3]) == one.start
        assert abs(float(line[3]) + float(line[4]) - one.end) < 0.0011
