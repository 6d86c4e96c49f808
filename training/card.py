"""The model card: what a bundle is for, what it was made of, and every figure with how it was got."""

from collections.abc import Sequence
from pathlib import Path
from string import Template

from pydantic import JsonValue

from engine.labels import EMOTIONS
from training.corpora.faces import VOTES

_TEMPLATE = Path(__file__).parent / "card.md"
Scores = dict[str, JsonValue]

_CORPORA = {"ravdess": "RAVDESS, actors 17 to 20", "nemo": "nEMO (Polish), EB0 and WR0"}
_HEADLINE = ("weighted_f1", "macro_f1", "accuracy", "ece")


def model_card(name: str, scores: Scores, training: Scores) -> str:
    """The card in Markdown, from the figures of `training.release` and what the bundle says of its training."""
    composed, configs = _table(scores["composed"]), _table(training["configs"])
    seeds, unsure = _table(training["fusion_seeds"]), _table(composed["unsure"])
    composition, settled = _table(training["composition"]), _table(training["settled"])
    fusion, text = _table(_table(configs["fusion"])["fusion"]), _table(_table(configs["text"])["text"])
    voice = _table(_table(configs["audio"])["audio"])
    turns, sizes = _list(_table(configs["teachers"])["turns"]), _table(training["parameters"])
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=name,
        **{f"{part}_size": f"{_number(size) / 1e6:.2f}" for part, size in sizes.items()},
        teachers=len(turns),
        teacher_turns=", ".join(map(str, turns)),
        teach=f"{_percent(text['teach'])} %",
        adjust=settled["adjust"],
        tuned=f"{_percent(voice['tuned'])} %",
        voice_f1=_percent(fusion["voice_f1"]),
        face_f1=_percent(fusion["face_f1"]),
        lying=_percent(fusion["lying"]),
        voice_reliability=_percent(composition["audio"]),
        face_reliability=_percent(composition["video"]),
        text=_rows({"as written": scores["text"], "no case, no punctuation": scores["text_plain"]}, _HEADLINE),
        voice=_rows(
            {_CORPORA[c]: row for c, row in _table(scores["voice"]).items()}, ("uar", "chance_uar", "macro_f1")
        ),
        face=_face(_table(scores["face"])),
        composed=_rows(_table(composed["subsets"]), (*_HEADLINE, "ece_uncalibrated")),
        alone=_alone(composed),
        lying_table=_lying(composed),
        gates=_gates(composed),
        degraded=_degraded(_table(scores["degraded"])),
        per_class=_per_class(scores),
        seeds=", ".join(str(seed) for seed in _list(seeds["seeds"])),
        exported=seeds["exported"],
        seed_mean=_percent(seeds["mean_adjusted_weighted_f1"]),
        seed_spread=_percent(seeds["mean_adjusted_weighted_f1 spread"]),
        whole_mean=_percent(seeds["adjusted_weighted_f1 text+audio+video"]),
        whole_spread=_percent(seeds["adjusted_weighted_f1 text+audio+video spread"]),
        fusion_settled=_settled(_table(training["fusion_settled"])),
        coverage=_percent(unsure["coverage"]),
        accuracy_sure=_percent(unsure["accuracy_sure"]),
        accuracy_unsure=_percent(unsure["accuracy_unsure"]),
        risk=", ".join(
            f"{_percent(_list(point)[1])} % wrong of the surest {_percent(_list(point)[0])} %"
            for point in _list(composed["risk_coverage"])[4::2]
        ),
    )


def _rows(rows: Scores, columns: Sequence[str]) -> str:
    """A table of figures, one row each, in percent."""
    lines = [[title, *_cells(_table(row), columns)] for title, row in rows.items()]
    return _markdown(
        ["", "n", *(c.replace("_", " ").replace("f1", "F1").replace("ece", "ECE") for c in columns)], lines
    )


def _cells(row: Scores, columns: Sequence[str]) -> list[str]:
    return [str(row["n"]), *(_percent(row[column]) for column in columns)]


def _face(face: Scores) -> str:
    names = {"ferplus": "majority of FER+'s ten votes, eight classes", "original": "FER2013's own label, seven classes"}
    return _rows(
        {title: face[part] for part, title in names.items()}, ("accuracy", "macro_f1", "majority_accuracy", "ece")
    )


def _alone(composed: Scores) -> str:
    subsets, alone = _table(composed["subsets"]), _table(composed["alone"])
    lines = []
    for modality, row in alone.items():
        pair = (_table(subsets[modality]), _table(row))
        lines.append([modality, *(_percent(row[k]) for k in ("weighted_f1", "macro_f1") for row in pair)])
    return _markdown(["", "weighted F1, fusion", "student", "macro F1, fusion", "student"], lines)


def _settled(settled: Scores) -> str:
    rows = {"change": "how far the first guess is changed", "adjust": "adjustment for rare labels"}
    lines = [[title, *(f"{_number(_table(row)[key]):.1f}" for row in settled.values())] for key, title in rows.items()]
    return _markdown(["", *settled], lines)


def _lying(composed: Scores) -> str:
    names = {"audio": "voice", "video": "face"}
    honest = _percent(_table(_table(composed["subsets"])["text+audio+video"])["weighted_f1"])
    lines = []
    for liar, found in _table(composed["lying"]).items():
        table = _table(found)
        without, with_liar = (_percent(_table(table[k])["weighted_f1"]) for k in ("without_liar", "with_liar"))
        lines.append([names[liar], honest, without, with_liar, _percent(table["labels_changed"])])
    return _markdown(
        ["who lies", "all honest, weighted F1", "without the liar", "with it", "labels that it changed"], lines
    )


def _gates(composed: Scores) -> str:
    rows = {"all honest": _table(_table(composed["gates"])["honest"])}
    rows |= {f"{liar} lies": _table(_table(found)["gates"]) for liar, found in _table(composed["lying"]).items()}
    paths = list(rows["all honest"])
    return _markdown(["", *paths], [[title, *(f"{_number(row[p]):.2f}" for p in paths)] for title, row in rows.items()])


def _degraded(degraded: Scores) -> str:
    """A row a condition: the headline figure of its part, beside that of clean input."""
    figure = {"voice": "uar", "face": "accuracy", "words": "weighted_f1"}
    lines = []
    for part, conditions in degraded.items():
        for condition, row in _table(conditions).items():
            name = figure[part]
            lines.append([part, condition.replace("_", " "), str(_table(row)["n"]), _percent(_table(row)[name]), name])
    return _markdown(["", "input", "n", "%", "figure"], lines)


def _per_class(scores: Scores) -> str:
    voice, subsets = _table(scores["voice"]), _table(_table(scores["composed"])["subsets"])
    parts: dict[str, JsonValue] = {"words, MELD": scores["text"]}
    parts |= {f"voice, {_CORPORA[corpus]}": row for corpus, row in voice.items()}
    parts |= {"face, FER+": _table(scores["face"])["ferplus"], "all three, composed": subsets["text+audio+video"]}
    lines = []
    for title, part in parts.items():
        f1, counts = _table(_table(part)["f1"]), _table(_table(part)["counts"])
        lines.append([title, *(f"{_percent(f1[v])} ({counts[v]})" if counts.get(v) else "none" for v in VOTES)])
    return _markdown(["F1 (n)", *EMOTIONS, VOTES[-1]], lines)


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(value: JsonValue) -> str:
    return f"{100 * _number(value):.1f}"


def _number(value: JsonValue) -> float:
    if not isinstance(value, (int, float)):
        raise TypeError(f"a figure must be a number, not {value!r}")
    return value


def _table(value: JsonValue) -> Scores:
    if not isinstance(value, dict):
        raise TypeError(f"figures must be a table, not {value!r}")
    return value


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, not {value!r}")
    return value
