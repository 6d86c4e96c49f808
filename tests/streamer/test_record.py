"""A conversation's final state, gathered from its events and from the file that a replay writes."""

from pathlib import Path

import pytest

from streamer.protocol import Body, Forgotten, Participants, ServerHello
from streamer.record import ConversationRecord, RecordError, UtteranceRecord, read_jsonl
from tests.conversations import emotion, events, transcript, utterance

ANN = utterance("ann", 0.5, 2.0, "they gave me the job")
BEN = utterance("ben", 1.5, 3.0, "really", "surprise", unsure=True)


def _written(path: Path, *bodies: Body) -> Path:
    path.write_text("".join(event.to_json() + "\n" for event in events(*bodies)), encoding="utf-8")
    return path


def test_an_utterance_is_its_final_reading_and_its_final_words_whichever_came_first() -> None:
    told = events(transcript(ANN), emotion(BEN), emotion(ANN), transcript(BEN))
    assert ConversationRecord.of(told).utterances == (ANN, BEN)


def test_what_was_provisional_is_forgotten() -> None:
    early = ANN.model_copy(update={"text": "they", "words": (), "label": "fear", "end": 0.9})
    guesses = emotion(early, final=False), transcript(early, final=False), emotion(BEN, final=False)
    told = events(*guesses, transcript(ANN), emotion(ANN, revision=2))
    assert ConversationRecord.of(told).utterances == (ANN,)


def test_an_utterance_without_words_has_an_empty_text_and_words_without_a_reading_are_no_utterance() -> None:
    (one,) = ConversationRecord.of(events(emotion(ANN), transcript(BEN))).utterances
    assert (one.text, one.words, one.draft) == ("", (), False)


def test_utterances_are_in_order_of_their_start_and_speakers_in_order_of_appearance() -> None:
    record = ConversationRecord.of(events(emotion(BEN), emotion(ANN)))
    assert [one.speaker for one in record.utterances] == ["ann", "ben"]
    assert record.speakers == ("ann", "ben")
    assert record.duration == 3.0


def test_what_was_forgotten_is_in_no_record() -> None:
    record = ConversationRecord.of(events(emotion(ANN), transcript(ANN), Forgotten(), emotion(BEN)))
    assert [one.speaker for one in record.utterances] == ["ben"]


def test_the_record_says_who_read_it_and_when_it_began() -> None:
    hello = ServerHello(bundle="b", labels=(), recogniser="sphinx", draft=True, consented=True, limits={})
    record = ConversationRecord.of(events(hello, Participants(present=("ann",), muted=())))
    assert (record.id, record.bundle, record.recogniser, record.utterances) == ("daily", "b", "sphinx", ())
    assert record.began == 1_760_000_000.1
    assert ConversationRecord.of(events(hello), bundle="given").bundle == "given"


def test_a_record_is_written_and_read_as_json_without_loss() -> None:
    record = ConversationRecord.of(events(emotion(ANN), transcript(ANN)))
    assert ConversationRecord.model_validate_json(record.model_dump_json()) == record


def test_a_replays_file_is_read_whole(tmp_path: Path) -> None:
    path = _written(tmp_path / "events.jsonl", transcript(ANN), emotion(ANN))
    record = read_jsonl(path)
    assert record.utterances == (ANN,)
    assert not record.truncated


def test_a_last_line_that_was_cut_off_is_left_out_and_said(tmp_path: Path) -> None:
    path = _written(tmp_path / "events.jsonl", emotion(ANN), emotion(BEN))
    path.write_bytes(path.read_bytes()[:-40])
    record = read_jsonl(path)
    assert record.utterances == (UtteranceRecord.of(emotion(ANN), None),)
    assert record.truncated


@pytest.mark.parametrize("line", ['{"seq":1}', "[]", "not json", '{"seq":1,"type":"emotion","time":0}', "\xff"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = _written(tmp_path / "events.jsonl", emotion(ANN))
    path.write_bytes(path.read_bytes() + line.encode("latin-1") + b"\n")
    with pytest.raises(RecordError, match=r"events\.jsonl: line 2 is not an event"):
        read_jsonl(path)


def test_no_events_several_conversations_and_impossible_times_are_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(RecordError, match="no events"):
        read_jsonl(tmp_path / "empty.jsonl")
    with pytest.raises(RecordError, match="'daily' and 'weekly'"):
        ConversationRecord.of([*events(emotion(ANN)), *events(emotion(BEN), id="weekly")])
    with pytest.raises(RecordError, match=r"ends at 0\.5 s, not after"):
        ConversationRecord.of(events(emotion(ANN.model_copy(update={"end": ANN.start}))))
