"""ELAN's annotation format, EAF 3.0: a tier of text for each speaker, and under it what was read from it.

H. Sloetjes, "ELAN Annotation Format", Max Planck Institute for Psycholinguistics; schema EAFv3.0.xsd.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from mimetypes import guess_type
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from engine.labels import EMOTIONS, MODALITIES, Modality
from streamer.exports.markup import document
from streamer.exports.wording import MARK_WORDS, MODALITY_NAMES, one_line, spans
from streamer.record import ConversationRecord, UtteranceRecord

_SCHEMA: Final = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_LANGUAGE: Final = {"LANG_ID": "eng", "LANG_DEF": "http://cdb.iso.org/lg/CDB-00138502-001", "LANG_LABEL": "English"}
_VOCABULARY: Final = "emotions"
# The four stereotypes that ELAN knows, in its own words.
_CONSTRAINTS: Final = {
    "Time_Subdivision": (
        "Time subdivision of parent annotation's time interval, no time gaps allowed within this interval"
    ),
    "Symbolic_Subdivision": (
        "Symbolic subdivision of a parent annotation. Annotations refering to the same parent are ordered"
    ),
    "Symbolic_Association": "1-1 association with a parent annotation",
    "Included_In": "Time alignable annotations within the parent annotation's time interval, gaps are allowed",
}
_TYPES: Final[dict[str, dict[str, str]]] = {
    "text": {"TIME_ALIGNABLE": "true"},
    "words": {"TIME_ALIGNABLE": "true", "CONSTRAINTS": "Included_In"},
    "emotion": {
        "TIME_ALIGNABLE": "false",
        "CONSTRAINTS": "Symbolic_Association",
        "CONTROLLED_VOCABULARY_REF": _VOCABULARY,
    },
    "confidence": {"TIME_ALIGNABLE": "false", "CONSTRAINTS": "Symbolic_Association"},
    "marks": {"TIME_ALIGNABLE": "false", "CONSTRAINTS": "Symbolic_Association"},
}

_Said = dict[str, UtteranceRecord]
_Value = Callable[[UtteranceRecord], str | None]


def elan(record: ConversationRecord) -> str:
    """An EAF document: `text@ann`, and dependent on it words, emotion, confidence, marks and each modality's own
    reading.

    Emotions are bound to a controlled vocabulary, so that ELAN offers the seven when one is corrected. The recording
    is linked where the record names it; else ELAN asks for it.
    """
    root = Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": one_line(f"undertone {record.bundle or ''}"),
            "DATE": datetime.fromtimestamp(record.began or 0.0, UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": _INSTANCE,
            "xsi:noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    root.append(_header(record.media))
    tiers = _Tiers()
    for speaker in record.speakers:
        tiers.add_speaker(one_line(speaker), [one for one in record.utterances if one.speaker == speaker])
    tiers.slots[:] = sorted(tiers.slots, key=lambda slot: int(slot.attrib["TIME_VALUE"]))
    root.append(tiers.slots)
    root.extend(tiers.tiers)
    root.extend(_declarations())
    return document(root)


@dataclass
class _Tiers:
    """The tiers so far; time slots and annotations are numbered through the document."""

    slots: Element = field(default_factory=lambda: Element("TIME_ORDER"))
    tiers: list[Element] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def add_speaker(self, speaker: str, utterances: list[UtteranceRecord]) -> None:
        """The tiers of one speaker, whose utterances come in order of their start."""
        parent = self._tier(speaker, "text", "text")
        said: _Said = {}
        times = spans([(one.start, one.end) for one in utterances])
        for one, (start, end) in zip(utterances, times, strict=True):
            said[self._align(parent, start, end, one_line(one.text))] = one
        words = self._tier(speaker, "words", "words", parent)
        for one, (start, end) in zip(utterances, times, strict=True):
            for begin, stop, text in _words_within(one, start, end):
                self._align(words, begin, stop, text)
        self._associate(self._tier(speaker, "emotion", "emotion", parent), said, lambda one: one.label)
        self._associate(self._tier(speaker, "confidence", "confidence", parent), said, _confidence)
        self._associate(self._tier(speaker, "marks", "marks", parent), said, _marks)
        for modality in MODALITIES:
            tier = self._tier(speaker, f"emotion-{MODALITY_NAMES[modality]}", "emotion", parent)
            self._associate(tier, said, _alone(modality))

    def _tier(self, speaker: str, name: str, type_: str, parent: Element | None = None) -> Element:
        taken = {tier.get("TIER_ID") for tier in self.tiers}
        own = f"{name}@{speaker}"
        id = next(id for id in (own, *(f"{own} ({n})" for n in range(2, len(taken) + 3))) if id not in taken)
        attributes = {"TIER_ID": id, "PARTICIPANT": speaker, "LINGUISTIC_TYPE_REF": type_}
        if parent is not None:
            attributes["PARENT_REF"] = parent.attrib["TIER_ID"]
        self.tiers.append(Element("TIER", attributes))
        return self.tiers[-1]

    def _align(self, tier: Element, start: int, end: int, text: str) -> str:
        attributes = {"ANNOTATION_ID": f"a{next(self._numbers)}"}
        for number, time in enumerate((start, end), 1):
            slot = f"ts{len(self.slots) + 1}"
            SubElement(self.slots, "TIME_SLOT", {"TIME_SLOT_ID": slot, "TIME_VALUE": str(time)})
            attributes[f"TIME_SLOT_REF{number}"] = slot
        _annotate(tier, "ALIGNABLE_ANNOTATION", attributes, text)
        return attributes["ANNOTATION_ID"]

    def _associate(self, tier: Element, said: _Said, value: _Value) -> None:
        for parent, one in said.items():
            text = value(one)
            if text is not None:
                attributes = {"ANNOTATION_ID": f"a{next(self._numbers)}", "ANNOTATION_REF": parent}
                _annotate(tier, "REF_ANNOTATION", attributes, text)


def _annotate(tier: Element, kind: str, attributes: dict[str, str], text: str) -> None:
    annotation = SubElement(SubElement(tier, "ANNOTATION"), kind, attributes)
    SubElement(annotation, "ANNOTATION_VALUE").text = text


def _confidence(one: UtteranceRecord) -> str:
    return f"{one.confidence:.2f}{' unsure' if one.unsure else ''}"


def _marks(one: UtteranceRecord) -> str | None:
    return ", ".join(MARK_WORDS[mark] for mark in one.marks) or None


def _alone(modality: Modality) -> _Value:
    def label(one: UtteranceRecord) -> str | None:
        alone = one.modalities.get(modality)
        return alone.label if alone else None

    return label


def _words_within(one: UtteranceRecord, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """An utterance's words, held to the time that its annotation has; ELAN refuses what sticks out."""
    words = sorted(one.words, key=lambda word: word.start)
    for word, span in zip(words, spans([(word.start, word.end) for word in words]), strict=True):
        begin, stop = max(span[0], start), min(span[1], end)
        if begin < stop:
            yield begin, stop, one_line(word.text)


def _header(media: Path | None) -> Element:
    header = Element("HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    if media is not None:
        kind = guess_type(media.name)[0] or "unknown"
        where = {"MEDIA_URL": media.absolute().as_uri(), "RELATIVE_MEDIA_URL": f"./{media.name}", "MIME_TYPE": kind}
        SubElement(header, "MEDIA_DESCRIPTOR", where)
    return header


def _declarations() -> Iterator[Element]:
    for name, attributes in _TYPES.items():
        yield Element("LINGUISTIC_TYPE", {"LINGUISTIC_TYPE_ID": name, "GRAPHIC_REFERENCES": "false", **attributes})
    yield Element("LANGUAGE", _LANGUAGE)
    for stereotype, description in _CONSTRAINTS.items():
        yield Element("CONSTRAINT", {"STEREOTYPE": stereotype, "DESCRIPTION": description})
    vocabulary = Element("CONTROLLED_VOCABULARY", {"CV_ID": _VOCABULARY})
    language = {"LANG_REF": _LANGUAGE["LANG_ID"]}
    SubElement(vocabulary, "DESCRIPTION", language).text = "What is expressed, not what is felt"
    for emotion in EMOTIONS:
        entry = SubElement(vocabulary, "CV_ENTRY_ML", {"CVE_ID": f"cve-{emotion}"})
        SubElement(entry, "CVE_VALUE", {**language, "DESCRIPTION": ""}).text = emotion
    yield vocabulary
