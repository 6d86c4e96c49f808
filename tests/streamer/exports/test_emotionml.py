"""EmotionML held to the grammar of its Recommendation (W3C, 22 May 2014), and to what no grammar can hold."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from lxml import etree

from engine.labels import EMOTIONS
from streamer.exports.emotionml import emotionml
from streamer.exports.wording import one_line
from streamer.record import ConversationRecord
from tests.conversations import conversation, utterance
from tests.streamer.exports.grammars import keeps
from tests.streamer.exports.hostile import RECORDS, hostile

NAMESPACE = "http://www.w3.org/2009/10/emotionml"
E = "{" + NAMESPACE + "}"
FSRE = "http://www.w3.org/TR/emotion-voc/xml#fsre-dimensions"
DIMENSIONS = {"valence", "potency", "arousal", "unpredictability"}


def _parse(record: ConversationRecord) -> Any:
    return etree.fromstring(emotionml(record).encode())


def test_a_reading_is_probabilities_as_confidence_and_dimensions_from_0_to_1() -> None:
    fused, words, voice = _parse(conversation(utterance("ann", 1, 2.5, "well then", "fear"))).iter(E + "emotion")
    assert (fused.get("offset-to-start"), fused.get("duration")) == ("1000", "1500")
    first = fused.find(E + "category")
    assert (first.get("name"), first.get("confidence")) == ("fear", "0.7000")
    assert {one.get("name"): one.get("value") for one in fused.iter(E + "dimension")} == {
        "valence": "0.7000",
        "arousal": "0.4000",
    }
    assert [one.get("expressed-through") for one in (fused, words, voice)] == ["text voice", "text", "voice"]
    assert voice.find(E + "category").get("name") == "neutral"
    assert "".join(fused.xpath("text()")).strip() == "well then"


def test_the_seven_labels_are_a_vocabulary_in_the_file() -> None:
    root = _parse(conversation())
    (vocabulary,) = root.iter(E + "vocabulary")
    assert root.get("category-set") == f"#{vocabulary.get('id')}"
    assert tuple(item.get("name") for item in vocabulary) == EMOTIONS


def test_the_recording_is_referred_to_with_a_media_fragment() -> None:
    record = conversation(utterance("ann", 1, 2.5)).model_copy(update={"media": Path("/home/ann/our talk.mp4")})
    (reference,) = _parse(record).iter(E + "reference")
    assert reference.get("uri") == "our%20talk.mp4#t=1.000,2.500"


@pytest.mark.parametrize("record", [hostile(), conversation()], ids=["hostile", "empty"])
def test_hostile_and_empty_conversations_keep_the_standards_rules(record: ConversationRecord) -> None:
    _check(record)


@given(RECORDS)
def test_any_conversation_keeps_the_standards_rules(record: ConversationRecord) -> None:
    _check(record)


def _check(record: ConversationRecord) -> None:
    root = _parse(record)
    assert keeps(root, "emotionml")
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    vocabularies = {f"#{one.get('id')}": one for one in root.iter(E + "vocabulary")}
    vocabulary = vocabularies[root.get("category-set")]
    assert vocabulary.get("type") == "category"
    assert root.get("dimension-set") == FSRE
    fused = [emotion for emotion in root.iter(E + "emotion") if "-" not in emotion.get("id")]
    assert len(fused) == len(record.utterances)
    for emotion, one in zip(fused, record.utterances, strict=True):
        assert "".join(emotion.xpath("text()")).strip() == one_line(one.text)
    for emotion in root.iter(E + "emotion"):
        names = [category.get("name") for category in emotion.iter(E + "category")]
        assert sorted(names) == sorted(item.get("name") for item in vocabulary.iter(E + "item"))
        dimensions = [one.get("name") for one in emotion.iter(E + "dimension")]
        assert len(set(dimensions)) == len(dimensions)
        assert set(dimensions) <= DIMENSIONS
        assert emotion.get("time-ref-uri")[1:] in ids


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('version="1.0" xmlns', 'version="2.0" xmlns'),
        ('confidence="0.7000"', 'confidence="1.7000"'),
        ('name="valence" value="0.7000"', 'name="valence"'),
        ('expressed-through="voice"', 'expressed-through="voices"'),
        ('duration="1000"', 'duration="-1"'),
        ('role="expressedBy" uri', 'role="expressedBy" url'),
        ('<vocabulary type="category" id="undertone-emotions">', '<vocabulary id="undertone-emotions">'),
        ("dc:contributor", "contributor"),
    ],
)
def test_the_grammar_refuses_what_the_standard_does(right: str, wrong: str) -> None:
    record = conversation(utterance("ann", 1, 2)).model_copy(update={"media": Path("talk.mp4")})
    told = emotionml(record)
    assert right in told
    assert keeps(etree.fromstring(told.encode()), "emotionml")
    assert not keeps(etree.fromstring(told.replace(right, wrong).encode()), "emotionml")


def test_what_made_an_utterance_hard_to_read_is_said_of_it() -> None:
    (fused, *_) = _parse(conversation(utterance("ann", 1, 2, marks=("overlap", "far")))).iter(E + "emotion")
    about = [one.text for one in fused.iter("{http://purl.org/dc/elements/1.1/}description")]
    assert about == ["others speak too", "the voice is far away"]
