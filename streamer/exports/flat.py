"""One utterance as one flat row: JSON lines and CSV have the same columns."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Final

from engine.labels import EMOTIONS, MODALITIES
from streamer.exports.wording import MODALITY_NAMES
from streamer.record import ConversationRecord, UtteranceRecord

Cell = str | float | bool | None

COLUMNS: Final = (
    *("conversation", "utterance", "speaker", "start", "end", "text", "draft"),
    *("label", "unsure", "confidence", "valence", "arousal", "marks"),
    *(f"probability_{emotion}" for emotion in EMOTIONS),
    *(f"{MODALITY_NAMES[modality]}_{what}" for modality in MODALITIES for what in ("label", "weight")),
    *("attended", "attended_weight", "latency_ms"),
)


def jsonl(record: ConversationRecord) -> str:
    """A JSON object a line and utterance, its keys COLUMNS; null where a modality was not there."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(record))


def comma_separated(record: ConversationRecord) -> str:
    """CSV by RFC 4180 with a header of COLUMNS; true and false in small letters, empty where nothing is known."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    for row in rows(record):
        table.writerow({name: str(cell).lower() if isinstance(cell, bool) else cell for name, cell in row.items()})
    return text.getvalue()


def rows(record: ConversationRecord) -> Iterator[dict[str, Cell]]:
    """A row an utterance, its keys COLUMNS; None where a modality was not there."""
    return (_row(record, one) for one in record.utterances)


def _row(record: ConversationRecord, one: UtteranceRecord) -> dict[str, Cell]:
    row: dict[str, Cell] = dict.fromkeys(COLUMNS)
    row |= {
        "conversation": record.id,
        **one.model_dump(include={*COLUMNS} - {"attended", "latency_ms", "marks"}),
        "marks": " ".join(one.marks),
        "latency_ms": one.latency_ms.get("total"),
    }
    row |= {f"probability_{emotion}": share for emotion, share in one.probabilities.items()}
    for modality, alone in one.modalities.items():
        row[f"{MODALITY_NAMES[modality]}_label"] = alone.label
        row[f"{MODALITY_NAMES[modality]}_weight"] = alone.weight
    if one.attended:
        row |= {"attended": one.attended[0].utterance, "attended_weight": one.attended[0].weight}
    return row
