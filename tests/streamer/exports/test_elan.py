"""EAF read back by pympi, and held to the rules of its schema that a reader does not check."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from lxml import etree
from pympi import Eaf

from engine.labels import EMOTIONS
from streamer.exports.elan import elan
from streamer.record import ConversationRecord
from tests.conversations import conversation, utterance
from tests.streamer.exports.grammars import keeps
from tests.streamer.exports.hostile import RECORDS, hostile


def _parse(record: ConversationRecord) -> Any:
    return etree.fromstring(elan(record).encode())


def _read(record: ConversationRecord, folder: Path) -> Any:
    path = folder / "x.eaf"
    path.write_text(elan(record), encoding="utf-8")
    return Eaf(str(path))


def test_what_was_read_hangs_on_what_was_said(tmp_path: Path) -> None:
    said = utterance("ann", 1, 2.5, "well then", "fear", unsure=True, marks=("overlap", "far"))
    eaf = _read(conversation(said), tmp_path)
    assert eaf.get_annotation_data_for_tier("text@ann") == [(1000, 2500, "well then")]
    assert eaf.get_annotation_data_for_tier("words@ann") == [(1000, 1750, "well"), (1750, 2500, "then")]
    for tier, value in {
        "emotion@ann": "fear",
        "confidence@ann": "0.70 unsure",
        "marks@ann": "others speak too, the voice is far away",
        "emotion-words@ann": "fear",
        "emotion-voice@ann": "neutral",
    }.items():
        assert eaf.get_ref_annotation_data_for_tier(tier) == [(1000, 2500, value, "well then")]
        assert eaf.get_parameters_for_tier(tier)["PARENT_REF"] == "text@ann"
        assert eaf.get_parameters_for_tier(tier)["PARTICIPANT"] == "ann"
    assert eaf.get_ref_annotation_data_for_tier("emotion-face@ann") == []


def test_dependent_tiers_are_symbolic_associations_and_words_are_included(tmp_path: Path) -> None:
    eaf = _read(conversation(utterance("ann", 1, 2)), tmp_path)
    assert eaf.get_parameters_for_linguistic_type("emotion")["CONSTRAINTS"] == "Symbolic_Association"
    assert eaf.get_parameters_for_linguistic_type("confidence")["CONSTRAINTS"] == "Symbolic_Association"
    assert eaf.get_parameters_for_linguistic_type("words")["CONSTRAINTS"] == "Included_In"
    values = [value for entry in eaf.get_cv_entries("emotions").values() for value, *_ in entry[0]]
    assert tuple(values) == EMOTIONS


def test_the_recording_is_linked_where_it_is_known(tmp_path: Path) -> None:
    record = conversation(utterance("ann", 1, 2))
    assert _parse(record).find("HEADER/MEDIA_DESCRIPTOR") is None
    (link,) = _parse(record.model_copy(update={"media": tmp_path / "our talk.mp4"})).iter("MEDIA_DESCRIPTOR")
    assert link.get("MEDIA_URL") == f"{tmp_path.as_uri()}/our%20talk.mp4"
    assert (link.get("RELATIVE_MEDIA_URL"), link.get("MIME_TYPE")) == ("./our talk.mp4", "video/mp4")


@given(RECORDS)
def test_any_conversation_keeps_the_schemas_rules(record: ConversationRecord) -> None:
    _check(_parse(record))


@pytest.mark.parametrize("record", [hostile(), conversation()], ids=["hostile", "empty"])
def test_hostile_and_empty_conversations_are_read_whole_and_without_a_warning(
    record: ConversationRecord, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _check(_parse(record))
    eaf = _read(record, tmp_path)
    said = [name for name in eaf.get_tier_names() if name.startswith("text@")]
    assert sum(len(eaf.get_annotation_data_for_tier(name)) for name in said) == len(record.utterances)
    assert capfd.readouterr() == ("", "")


def _check(root: Any) -> None:
    """EAFv3.0.xsd's order of elements, attributes, keys and references, and ELAN's own rules for times."""
    assert keeps(root, "eaf")
    tiers = {tier.get("TIER_ID"): tier for tier in root.iter("TIER")}
    assert len(tiers) == len(root.findall("TIER"))
    ids = root.xpath("//@ANNOTATION_ID | //@TIME_SLOT_ID | //@STEREOTYPE | //@LANG_ID")  # all of them of type ID
    assert len(ids) == len(set(ids))
    assert set(root.xpath("//@LANG_REF | //@CONSTRAINTS")) <= set(ids)
    assert set(root.xpath("//@CONTROLLED_VOCABULARY_REF")) <= set(root.xpath("//@CV_ID"))
    entries = root.xpath("//@CVE_ID")
    assert len(entries) == len(set(entries))
    times = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")}
    assert list(times.values()) == sorted(times.values())
    types = {type_.get("LINGUISTIC_TYPE_ID"): type_ for type_ in root.iter("LINGUISTIC_TYPE")}
    assert len(types) == len(root.findall("LINGUISTIC_TYPE"))
    spans: dict[str, tuple[int, int]] = {}
    for tier in tiers.values():
        type_ = types[tier.get("LINGUISTIC_TYPE_REF")]
        assert tier.get("PARENT_REF") in {None, *tiers}
        assert (type_.get("CONSTRAINTS") is None) == (tier.get("PARENT_REF") is None)
        kind = "ALIGNABLE_ANNOTATION" if type_.get("TIME_ALIGNABLE") == "true" else "REF_ANNOTATION"
        assert {one.tag for one in tier.xpath("ANNOTATION/*")} <= {kind}
        own = [
            (times[one.get("TIME_SLOT_REF1")], times[one.get("TIME_SLOT_REF2")])
            for one in tier.xpath(".//@TIME_SLOT_REF1/..")
        ]
        assert all(start < end for start, end in own)
        assert all(end <= start for (_, end), (start, _) in pairwise(own))
        if tier.get("PARENT_REF") is None:
            spans |= dict(zip(tier.xpath(".//@ANNOTATION_ID"), own, strict=True))
        elif own:
            assert all(any(a <= start and end <= b for a, b in spans.values()) for start, end in own)
        refs = tier.xpath(".//@ANNOTATION_REF")
        assert len(refs) == len(set(refs))
        assert set(refs) <= set(tiers[tier.get("PARENT_REF")].xpath(".//@ANNOTATION_ID")) if refs else True
