"""W3C Emotion Markup Language (EmotionML) 1.0, Recommendation of 22 May 2014."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement

from engine.labels import EMOTIONS, MODALITIES, Emotion, Modality
from streamer.exports.markup import document
from streamer.exports.wording import EXPRESSED, MARK_WORDS, milliseconds, one_line
from streamer.record import ConversationRecord, UtteranceRecord

_NAMESPACE: Final = "http://www.w3.org/2009/10/emotionml"
_METADATA: Final = "http://purl.org/dc/elements/1.1/"
# Fontaine, Scherer, Roesch and Ellsworth's four dimensions, of which we read two.
_DIMENSIONS: Final = "http://www.w3.org/TR/emotion-voc/xml#fsre-dimensions"
_VOCABULARY: Final = "undertone-emotions"
_CONVERSATION: Final = "conversation"
_CHANNELS: Final[dict[Modality, str]] = {"text": "text", "audio": "voice", "video": "face"}


def emotionml(record: ConversationRecord) -> str:
    """An `<emotion>` for each utterance, and one for what each modality alone would have said of it.

    The W3C's "big6" has no neutral, so the seven labels are declared in the file. A category's `confidence` is its
    probability; there is no `value`, which the standard keeps for an intensity, and none is measured. Times are
    milliseconds of media time from the start of the conversation (`offset-to-start`, `duration`): the standard's
    `start` and `end` are wall clock.
    """
    root = Element(
        "emotionml",
        {
            "version": "1.0",
            "xmlns": _NAMESPACE,
            "xmlns:dc": _METADATA,
            "category-set": f"#{_VOCABULARY}",
            "dimension-set": _DIMENSIONS,
        },
    )
    about = SubElement(root, "info", {"id": _CONVERSATION})
    SubElement(about, "dc:title").text = one_line(record.id)
    SubElement(about, "dc:creator").text = one_line(f"undertone {record.bundle or ''}")
    SubElement(about, "dc:description").text = EXPRESSED
    vocabulary = SubElement(root, "vocabulary", {"type": "category", "id": _VOCABULARY})
    for emotion in EMOTIONS:
        SubElement(vocabulary, "item", {"name": emotion})
    for number, one in enumerate(record.utterances, 1):
        media = quote(record.media.name) if record.media else None
        _add_utterance(root, f"u{number}", one, media)
    return document(root)


def _add_utterance(root: Element, id: str, one: UtteranceRecord, media: str | None) -> None:
    there = [modality for modality in MODALITIES if modality in one.modalities]
    fused = _emotion(root, id, one, there)
    _add_categories(fused, one.probabilities)
    for name, polar in (("valence", one.valence), ("arousal", one.arousal)):
        SubElement(fused, "dimension", {"name": name, "value": _share((1 + polar) / 2)})
    if media:
        fragment = f"#t={one.start:.3f},{one.end:.3f}"
        SubElement(fused, "reference", {"role": "expressedBy", "uri": media + fragment})
    if said := one_line(one.text):
        fused[-1].tail = said
    for modality in there:
        alone = _emotion(root, f"{id}-{_CHANNELS[modality]}", one, [modality])
        _add_categories(alone, one.modalities[modality].probabilities)


def _emotion(root: Element, id: str, one: UtteranceRecord, modalities: list[Modality]) -> Element:
    start = milliseconds(one.start)
    attributes = {
        "id": id,
        "time-ref-uri": f"#{_CONVERSATION}",
        "time-ref-anchor-point": "start",
        "offset-to-start": str(start),
        "duration": str(milliseconds(one.end) - start),
    }
    if modalities:
        attributes["expressed-through"] = " ".join(_CHANNELS[modality] for modality in modalities)
    emotion = SubElement(root, "emotion", attributes)
    about = SubElement(emotion, "info")
    SubElement(about, "dc:contributor").text = one_line(one.speaker)
    SubElement(about, "dc:identifier").text = one_line(one.utterance)
    for mark in one.marks:
        SubElement(about, "dc:description").text = MARK_WORDS[mark]
    return emotion


def _add_categories(emotion: Element, probabilities: Mapping[Emotion, float]) -> None:
    for label, probability in sorted(probabilities.items(), key=lambda item: -item[1]):
        SubElement(emotion, "category", {"name": label, "confidence": _share(probability)})


def _share(value: float) -> str:
    return f"{value:.4f}"
