"""TextGrid read back by the textgrid package."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from textgrid import TextGrid

from streamer.exports.textgrid import textgrid
from streamer.exports.wording import one_line
from streamer.record import ConversationRecord
from tests.conversations import conversation, utterance
from tests.streamer.exports.hostile import RECORDS, hostile


def _read(record: ConversationRecord) -> Any:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.TextGrid"
        path.write_text(textgrid(record), encoding="utf-8")
        return TextGrid.fromFile(str(path))


def _said(tier: Any) -> list[tuple[float, float, str]]:
    return [(interval.minTime, interval.maxTime, interval.mark) for interval in tier if interval.mark]


def test_each_speaker_has_a_tier_of_words_and_one_of_emotions() -> None:
    grid = _read(conversation(utterance("ann", 1, 2, "well then"), utterance("ben", 1.5, 3, "so", "fear", unsure=True)))
    assert grid.getNames() == ["ann words", "ann emotion", "ben words", "ben emotion"]
    assert _said(grid[0]) == [(1.0, 1.5, "well"), (1.5, 2.0, "then")]
    assert _said(grid[3]) == [(1.5, 3.0, "unsure, perhaps fear")]


def test_words_without_times_are_one_interval() -> None:
    one = utterance("ann", 1, 2, "well then").model_copy(update={"words": ()})
    assert _said(_read(conversation(one))[0]) == [(1.0, 2.0, "well then")]


@given(RECORDS)
def test_tiers_have_neither_gaps_nor_overlaps_and_all_of_one_length(record: ConversationRecord) -> None:
    grid = _read(record)
    for tier in grid:
        assert tier[0].minTime == 0
        assert tier[-1].maxTime == grid.maxTime > 0
        assert all(one.maxTime == after.minTime for one, after in pairwise(tier))
        assert all(interval.minTime < interval.maxTime for interval in tier)


def test_no_reading_is_lost_where_a_speaker_overlaps_with_itself_and_names_come_back_whole() -> None:
    record, grid = hostile(), _read(hostile())
    # The reader leaves a name's doubled quotes as they are in the file.
    tiers = {tier.name.replace('""', '"'): tier for tier in grid}
    for speaker in record.speakers:
        said = _said(tiers[f"{one_line(speaker)} emotion"])
        assert len(said) == sum(one.speaker == speaker for one in record.utterances)


def test_nobody_speaking_is_one_empty_tier() -> None:
    grid = _read(conversation())
    assert (grid.getNames(), _said(grid[0]), grid.maxTime) == (["speech"], [], 1.0)
