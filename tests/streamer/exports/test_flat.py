"""JSON lines and CSV, read back by the standard library."""

import csv
import io
import json

from hypothesis import given

from streamer.exports.flat import COLUMNS, comma_separated, jsonl
from streamer.protocol import AttendedUtterance
from streamer.record import ConversationRecord
from tests.conversations import conversation, utterance
from tests.streamer.exports.hostile import RECORDS


@given(RECORDS)
def test_every_utterance_is_one_line_of_json_with_all_columns(record: ConversationRecord) -> None:
    rows = [json.loads(line) for line in jsonl(record).split("\n")[:-1]]
    assert [(row["speaker"], row["text"], row["label"]) for row in rows] == [
        (one.speaker, one.text, one.label) for one in record.utterances
    ]
    assert all(tuple(row) == COLUMNS for row in rows)


@given(RECORDS)
def test_every_utterance_is_one_row_of_csv_and_its_text_comes_back_as_it_was(record: ConversationRecord) -> None:
    rows = list(csv.DictReader(io.StringIO(comma_separated(record), newline="")))
    assert [(row["speaker"], row["text"], float(row["start"])) for row in rows] == [
        (one.speaker, one.text, one.start) for one in record.utterances
    ]


def test_a_modality_that_was_not_there_is_null_or_empty() -> None:
    record = conversation(utterance("ann", 0, 1, unsure=True, marks=("overlap", "far")))
    row = json.loads(jsonl(record))
    assert (row["words_label"], row["voice_weight"], row["face_label"]) == ("joy", 0.4, None)
    assert (row["probability_joy"], row["latency_ms"], row["unsure"]) == (0.7, 512.5, True)
    (cells,) = csv.DictReader(io.StringIO(comma_separated(record)))
    assert (cells["face_label"], cells["unsure"], cells["draft"]) == ("", "true", "false")
    assert row["marks"] == cells["marks"] == "overlap far"


def test_what_was_attended_to_most_is_named_with_its_share() -> None:
    attended = (AttendedUtterance(utterance="ben-2", weight=0.4), AttendedUtterance(utterance="ann-1", weight=0.1))
    first, second = utterance("ann", 0, 1), utterance("ann", 2, 3).model_copy(update={"attended": attended})
    rows = [json.loads(line) for line in jsonl(conversation(first, second)).splitlines()]
    assert [(row["attended"], row["attended_weight"]) for row in rows] == [(None, None), ("ben-2", 0.4)]


def test_nobody_speaking_is_no_line_of_json_and_a_header_alone_in_csv() -> None:
    assert jsonl(conversation()) == ""
    assert comma_separated(conversation()) == ",".join(COLUMNS) + "\r\n"
