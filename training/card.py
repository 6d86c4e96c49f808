"""The model card: what a bundle is for, what it was made of, and every figure with how it was got."""

from pathlib import Path
from string import Template

from pydantic import JsonValue

from engine.labels import EMOTIONS

_TEMPLATE = Path(__file__).parent / "card.md"
Scores = dict[str, JsonValue]


def model_card(name: str, scores: Scores, training: Scores) -> str:
    """The card in Markdown, from `training.evaluate.evaluate`'s figures."""
    seeds = _table(training["fusion_seeds"])
    unsure = _table(_table(scores["composed"])["unsure"])
    composition, targets = _table(training["composition"]), _fusion_settings(training)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=name,
        text=_text(_table(scores["text"])),
        voice=_voice(_table(scores["voice"])),
        face=_face(_table(scores["face"])),
        composed=_composed(_table(scores["composed"])),
        per_class=_per_class(scores),
        voice_f1=_percent(targets["voice_f1"]),
        face_f1=_percent(targets["face_f1"]),
        voice_reliability=_percent(composition["audio"]),
        face_reliability=_percent(composition["video"]),
        seeds=", ".join(str(seed) for seed in _list(seeds["seeds"])),
        exported=seeds["exported"],
        seed_mean=_percent(seeds["mean_weighted_f1"]),
        seed_spread=_percent(seeds["mean_weighted_f1 spread"]),
        coverage=_percent(unsure["coverage"]),
        accuracy_sure=_percent(unsure["accuracy_sure"]),
        accuracy_unsure=_percent(unsure["accuracy_unsure"]),
    )


def _fusion_settings(training: Scores) -> Scores:
    return _table(_table(_table(training["configs"])["fusion"])["fusion"])


def _text(figures: Scores) -> str:
    rows = [
        [
            "this student",
            _percent(figures["weighted_f1"]),
            _percent(figures["macro_f1"]),
            _percent(figures["accuracy"]),
        ],
        [
            "without punctuation, as a plain recogniser writes",
            _percent(figures["unpunctuated_weighted_f1"]),
            _percent(figures["unpunctuated_macro_f1"]),
            "",
        ],
        [
            "always neutral",
            _percent(figures["majority_weighted_f1"]),
            _percent(figures["majority_macro_f1"]),
            _percent(figures["majority_accuracy"]),
        ],
    ]
    return _markdown([f"n = {figures['n']}", "weighted F1", "macro F1", "accuracy"], rows)


def _voice(voice: Scores) -> str:
    names = {"ravdess": "RAVDESS, actors 17 to 20", "nemo": "nEMO (Polish), 2 speakers", "tess": "TESS, 1 speaker"}
    rows = []
    for corpus, name in names.items():
        row = _table(voice[corpus])
        rows.append([name, str(row["n"]), _percent(row["uar"]), _percent(row["chance_uar"]), _percent(row["macro_f1"])])
    return _markdown(["acted, unseen speakers", "n", "UAR", "chance", "macro F1"], rows)


def _face(figures: Scores) -> str:
    rows = [
        ["this student", _percent(figures["accuracy"]), _percent(figures["macro_f1"])],
        ["the commonest always", _percent(figures["majority_accuracy"]), _percent(figures["majority_macro_f1"])],
    ]
    return _markdown([f"n = {figures['n']}", "accuracy", "macro F1"], rows)


def _composed(composed: Scores) -> str:
    rows = []
    for subset, figures in composed.items():
        row = _table(figures)
        if "n" in row:
            names = ("weighted_f1", "macro_f1", "ece", "ece_uncalibrated")
            rows.append([subset, str(row["n"]), *(_percent(row[name]) for name in names)])
    return _markdown(["composed dev", "n", "weighted F1", "macro F1", "ECE", "ECE before calibration"], rows)


def _per_class(scores: Scores) -> str:
    parts: dict[str, Scores] = {
        "text, MELD": _table(scores["text"]),
        "voice, RAVDESS": _table(_table(scores["voice"])["ravdess"]),
        "voice, nEMO": _table(_table(scores["voice"])["nemo"]),
        "face, FER+": _table(scores["face"]),
        "all three, composed": _table(_table(scores["composed"])["text+audio+video"]),
    }
    rows = []
    for name, figures in parts.items():
        f1, counts = _table(figures["f1"]), _table(figures["counts"])
        rows.append([name, *(f"{_percent(f1[e])} ({counts[e]})" if counts[e] else "none" for e in EMOTIONS)])
    return _markdown(["F1 (n)", *EMOTIONS], rows)


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(value: JsonValue) -> str:
    if not isinstance(value, (int, float)):
        raise TypeError(f"a figure must be a number, not {value!r}")
    return f"{100 * value:.1f}"


def _table(value: JsonValue) -> Scores:
    if not isinstance(value, dict):
        raise TypeError(f"figures must be a table, not {value!r}")
    return value


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, not {value!r}")
    return value
