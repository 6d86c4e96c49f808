"""The report: one HTML page that needs no network and no script, made to be read, printed and kept."""

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from engine.labels import EMOTIONS, MODALITIES
from streamer.exports import lanes
from streamer.exports.palette import DARK, LIGHT, SHAPES
from streamer.exports.summary import summarise
from streamer.exports.wording import EXPRESSED, MARK_WORDS, MODALITY_NAMES, one_line, word_for
from streamer.record import ConversationRecord, UtteranceRecord


def report(record: ConversationRecord) -> str:
    """A page with lanes over time, talk shares, emotions by speaker, and the transcript with its reasons."""
    return _template().render(
        record=record,
        began=datetime.fromtimestamp(record.began, UTC) if record.began is not None else None,
        expressed=EXPRESSED,
        style=Markup(_colours() + _resource("report.css")),  # noqa: S704 - ours alone, nothing of the conversation
        summaries=summarise(record),
        panels=list(lanes.panels(record)),
        draft=any(one.draft for one in record.utterances),
    )


def clock(seconds: float) -> str:
    """m:ss, or h:mm:ss from an hour on, as on the page."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def percent(share: float) -> str:
    """A share as whole per cent."""
    return f"{100 * share:.0f} %"


def because(one: UtteranceRecord) -> str:
    """What each modality alone would have said, and how much it weighed."""
    there = [
        (MODALITY_NAMES[modality], one.modalities[modality]) for modality in MODALITIES if modality in one.modalities
    ]
    return ", ".join(f"{name} {alone.label} (weight {percent(alone.weight)})" for name, alone in there)


@cache
def _template() -> Template:
    return _ENVIRONMENT.from_string(_resource("report.html"))


def _resource(name: str) -> str:
    return files("streamer.exports").joinpath(name).read_text(encoding="utf-8")


def _colours() -> str:
    light, dark = (
        "".join(f"--emotion-{label}:{colour};" for label, colour in palette.items()) for palette in (LIGHT, DARK)
    )
    return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


_ENVIRONMENT: Final = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_ENVIRONMENT.filters |= {"clock": clock, "percent": percent, "one_line": one_line, "because": because}
_ENVIRONMENT.globals |= {
    "word_for": word_for,
    "mark_words": MARK_WORDS,
    "emotions": EMOTIONS,
    "shapes": SHAPES,
    "lanes": lanes,
}
