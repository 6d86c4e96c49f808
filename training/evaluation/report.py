"""The figures on a terminal."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from training.evaluation.scores import HEADLINE, Scores

_NAMES: Final = {
    "weighted_f1": "weighted F1", "macro_f1": "macro F1", "accuracy": "accuracy", "uar": "UAR", "ece": "ECE"
}  # fmt: skip
_PARTS: Final = {"subsets": "fused", "alone": "alone", "by_kind": "of kind", "ferplus": "FER+", "original": "FER2013"}


def show(console: Console, title: str, scores: Scores) -> None:
    """Headline figures with those of each part, then each class, then the confusion matrix."""
    console.print(f"\n[bold]{title}[/]", highlight=False)
    console.print(_headline(scores))
    console.print(_classes(scores))
    console.print(_confusion(scores))
    if "max_difference" in scores:
        console.print(f"streaming and the offline causal pass differ by at most {scores['max_difference']:.1e}")


def _headline(scores: Scores) -> Table:
    table = _table("", "n", *_NAMES.values())
    bundles = scores.get("bundles")
    rows = bundles if isinstance(bundles, list) else [scores]
    for row in rows:
        assert isinstance(row, dict)  # noqa: S101 - `figures` made it
        table.add_row(f"[bold]{row['bundle']}[/]", str(row["n"]), *_figures(row))
        for name, part in _parts(row):
            table.add_row(f"  {name}", str(part["n"]), *_figures(part))
    mean, spread = scores.get("mean"), scores.get("spread")
    if isinstance(mean, dict) and isinstance(spread, dict):
        pairs = zip(_figures(mean), _figures(spread), strict=True)
        table.add_section()
        table.add_row(f"[bold]mean of {len(rows)}[/]", str(scores["n"]), *(f"{m} ± {s}" for m, s in pairs))
    return table


def _parts(scores: Scores) -> Iterator[tuple[str, Scores]]:
    for key, name in _PARTS.items():
        part = scores.get(key)
        if isinstance(part, dict) and "n" in part:
            yield name, part
        elif isinstance(part, dict):
            yield from ((f"{name}: {inner}", row) for inner, row in part.items() if isinstance(row, dict))


def _classes(scores: Scores) -> Table:
    f1, counts = scores["f1"], scores["counts"]
    assert isinstance(f1, dict)  # noqa: S101 - `figures` made it
    assert isinstance(counts, dict)  # noqa: S101
    table = _table("", "n", "F1")
    for label, value in f1.items():
        table.add_row(label, str(counts[label]), _number(value))
    return table


def _confusion(scores: Scores) -> Table:
    labels, rows = scores["labels"], scores["confusion"]
    assert isinstance(labels, list)  # noqa: S101 - `figures` made it
    assert isinstance(rows, list)  # noqa: S101
    table = _table("true \\ read as", *(str(label)[:4] for label in labels))
    for index, (label, row) in enumerate(zip(labels, rows, strict=True)):
        assert isinstance(row, list)  # noqa: S101
        table.add_row(str(label), *(f"[bold]{n}[/]" if i == index else str(n) for i, n in enumerate(row)))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(first, box=SIMPLE_HEAD, pad_edge=False)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _figures(row: Scores) -> Sequence[str]:
    return [_number(row[name]) for name in HEADLINE]


def _number(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "-"
