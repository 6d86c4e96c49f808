"""The report: a page that holds all there is to read, draws it as the page does, and runs nothing of what was said."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from lxml import html

from engine.labels import EMOTIONS
from streamer.exports.lanes import WIDTH, panels
from streamer.exports.palette import DARK, LIGHT, SHAPES
from streamer.exports.report import report
from streamer.exports.wording import one_line
from streamer.record import ConversationRecord
from tests.conversations import conversation, utterance
from tests.streamer.exports.hostile import RECORDS, hostile

WEB = Path(__file__).resolve().parents[3] / "web" / "src"


def _text(node: Any) -> str:
    return " ".join(node.text_content().split())


def _page(record: ConversationRecord) -> Any:
    return html.document_fromstring(report(record))


def test_the_transcript_says_who_expressed_what_when_and_on_what_grounds() -> None:
    page = _page(
        conversation(
            utterance("ann", 61, 63, "well then", "fear", unsure=True), utterance("ben", 64, 65, "", marks=("far",))
        )
    )
    first, second = page.xpath("//ol[@class='transcript']/li")
    assert _text(first) == (
        "1:01 ann unsure, perhaps fear 70 % well then Alone: words fear (weight 60 %), voice neutral (weight 40 %)"
    )
    assert _text(second).startswith("1:04 ben the voice is far away joy 70 % (no words recognised)")


def test_the_table_counts_sure_readings_and_the_share_of_talk() -> None:
    record = conversation(
        utterance("ann", 0, 3), utterance("ann", 3, 4, label="fear", unsure=True), utterance("ben", 4, 8, label="anger")
    )
    page = _page(record)
    head = [_text(cell) for cell in page.xpath("//thead//th[@scope='col']")]
    rows = [[_text(cell) for cell in row] for row in page.xpath("//tbody/tr")]
    ann, ben = (dict(zip(head, row, strict=True)) for row in rows)
    assert (ann["Speaker"], ann["Share of talk"], ann["joy"], ann["fear"], ann["unsure"], ann["all"]) == (
        *("ann", "50 %"),
        *("1", "0", "1", "2"),
    )
    assert (ben["Spoke"], ben["anger"]) == ("0:04", "1")
    assert set(EMOTIONS) <= set(head)


def test_every_bar_has_its_emotion_as_colour_shape_and_word() -> None:
    page = _page(conversation(utterance("ann", 1, 3, label="fear"), utterance("ben", 5, 6, label="joy", unsure=True)))
    fear, joy = page.xpath("//svg[@class='panel']/g")
    assert (fear.get("class"), _text(fear.find("text"))) == ("fear", "fear")
    assert (joy.get("class"), _text(joy.find("text"))) == ("joy unsure", "joy?")
    assert fear.xpath(".//path/@d") == [SHAPES["fear"]]
    assert float(fear.find("rect").get("height")) == pytest.approx(28.0)


def test_it_says_expressed_not_felt_automatic_and_composed_and_that_a_run_ended_early() -> None:
    record = conversation(utterance("ann", 1, 2))
    for word in ("expressed, not what is felt", "automatically", "composed"):
        assert word in _text(_page(record))
    assert "ended early" not in report(record)
    assert "ended early" in report(record.model_copy(update={"truncated": True}))


@pytest.mark.parametrize("record", [hostile(), conversation()], ids=["hostile", "empty"])
def test_it_needs_no_network_and_no_script_and_runs_nothing_that_was_said(record: ConversationRecord) -> None:
    page = _page(record)
    assert page.xpath("//script | //link | //img | //iframe | //object | //v | //@onload") == []
    assert not re.search(r"url\(|@import|https?://|\ssrc=", report(record))


def test_it_has_headings_in_order_table_headers_a_language_and_named_pictures() -> None:
    page = _page(hostile())
    assert [node.tag for node in page.xpath("//h1 | //h2 | //h3")] == ["h1", "h2", "h2", "h2"]
    assert page.get("lang") == "en"
    assert all(cell.get("scope") in {"row", "col"} for cell in page.xpath("//th"))
    assert page.xpath("//table/caption")
    assert all(
        picture.get("aria-label") or picture.get("aria-hidden") for picture in page.xpath("//svg[not(ancestor::svg)]")
    )


@given(RECORDS)
def test_all_that_was_said_can_be_read_in_it(record: ConversationRecord) -> None:
    said = [_text(node) for node in _page(record).xpath("//div[@class='said']/p[@dir='auto']")]
    assert said == [one_line(one.text) or "(no words recognised)" for one in record.utterances]


@given(RECORDS)
def test_bars_lie_in_their_panels_and_every_utterance_has_one(record: ConversationRecord) -> None:
    drawn = set()
    for panel in panels(record):
        for lane in panel.lanes:
            for bar in lane.bars:
                drawn.add(id(bar.utterance))
                assert 0 <= bar.x <= WIDTH
                assert 0 <= bar.caption < WIDTH
                assert bar.x + bar.width <= WIDTH + 2
                assert bar.utterance.speaker == lane.speaker
    assert drawn == {id(one) for one in record.utterances}


def test_colours_and_shapes_are_those_of_the_page() -> None:
    tokens = re.findall(r"--emotion-(\w+): (#\w+);", (WEB / "tokens.css").read_text(encoding="utf-8"))
    assert tokens == [*LIGHT.items(), *DARK.items(), *DARK.items()]  # dark: as the system is, and as asked for
    shapes = re.findall(r'^  (\w+): "(M.+)",$', (WEB / "emotions.ts").read_text(encoding="utf-8"), re.MULTILINE)
    assert shapes == list(SHAPES.items())
