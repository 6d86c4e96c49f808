"""The sums of the report, which the page counts in the same way.

python -m tests.streamer.exports.test_summary > web/tests/summary.fixture.json
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from streamer.exports.summary import summarise
from streamer.store.entries import Entry, Kept
from tests.conversations import conversation, utterance

FIXTURE = Path(__file__).parents[3] / "web" / "tests" / "summary.fixture.json"
RECORD = conversation(
    utterance("Ada", 0.5, 2.5, "Good morning to you", "neutral"),
    utterance("Ben", 3.0, 4.0, "I got the job!", "joy"),
    utterance("Ada", 3.5, 6.5, "Oh, I can hardly believe it", "surprise", unsure=True),
    utterance("Ada", 8.0, 9.5, "That is wonderful", "joy"),
)


def shared() -> str:
    """What the page's tests read: a record as the server sends it, and what is counted in it."""
    entry = Entry(
        id=RECORD.id,
        name=RECORD.id,
        title="Monday",
        began=RECORD.began or 0,
        duration=RECORD.duration,
        speakers=RECORD.speakers,
        utterances=len(RECORD.utterances),
        bundle=RECORD.bundle,
        recogniser=RECORD.recogniser,
    )
    kept = Kept(entry=entry, record=RECORD).model_dump(mode="json")
    return json.dumps({"kept": kept, "summaries": [asdict(one) for one in summarise(RECORD)]}, indent=1) + "\n"


def test_talk_is_counted_in_seconds_and_only_sure_readings_by_their_label() -> None:
    ada, ben = summarise(RECORD)
    assert (ada.speaker, ada.utterances, ada.seconds, ada.unsure) == ("Ada", 3, 6.5, 1)
    assert ben.speaker == "Ben"
    assert ben.share == pytest.approx(1 / 7.5)
    assert {label: count for label, count in ada.counts.items() if count} == {"neutral": 1, "joy": 1}


def test_the_page_is_tested_on_the_same_record() -> None:
    remedy = "run: python -m tests.streamer.exports.test_summary > web/tests/summary.fixture.json"
    assert FIXTURE.read_text(encoding="utf-8") == shared(), remedy


if __name__ == "__main__":
    sys.stdout.write(shared())
