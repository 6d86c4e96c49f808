"""Clean and degraded side by side, as one table."""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from training.evaluation.scores import Scores

_NAMES: Final = {"uar": "UAR", "accuracy": "accuracy", "weighted_f1": "weighted F1", "macro_f1": "macro F1"}


def beside(scores: Scores, clean: Scores, compared: Sequence[str]) -> Scores:
    """The scores with `difference`: how far each of these figures is from that of the clean ones."""
    difference: dict[str, JsonValue] = {key: _number(scores[key]) - _number(clean[key]) for key in compared}
    return {**scores, "difference": difference}


def show(console: Console, parts: Mapping[str, Mapping[str, Scores]]) -> None:
    """Print a row for each condition of each part; figures in per cent, differences in points."""
    table = Table("condition", "n", "figures, %", "difference to clean", title="clean and degraded, on dev")
    table.columns[1].justify = "right"
    for part, rows in parts.items():
        compared = list(_differences(rows["clean"]))
        table.add_section()
        table.add_row(f"[bold]{part}[/bold]", "", ", ".join(_NAMES.get(k, k.removeprefix("uar_")) for k in compared))
        for name, row in rows.items():
            figures = "  ".join(f"{100 * _number(row[key]):5.1f}" for key in compared)
            apart = "  ".join(f"{100 * value:+5.1f}" for value in _differences(row).values())
            told = name.replace("_", " ")
            if "word_error_rate" in row:
                told += f", WER {100 * _number(row['word_error_rate']):.0f} %"
            table.add_row(told, f"{row['n']:,}", figures, "" if name == "clean" else apart)
    console.print(table)


def _differences(row: Scores) -> dict[str, float]:
    difference = row["difference"]
    assert isinstance(difference, dict)  # noqa: S101 - `beside` made it
    return {key: _number(value) for key, value in difference.items()}


def _number(value: JsonValue) -> float:
    assert isinstance(value, int | float)  # noqa: S101 - `figures` made it
    return float(value)
