"""What `undertone eval --degraded` does once its options are read."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue
from rich.console import Console

from engine.bundle import Bundle
from training.corpora import data_root
from training.evaluation.degraded.run import DIALOGUES, degraded, parts_of
from training.evaluation.degraded.table import show
from training.evaluation.scores import CannotScore


def judge_degraded(
    bundles: Sequence[str], only: str | None, limit: int | None, data: Path | None, runs: Path, output: Path | None
) -> None:
    """Write the JSON, then print the table, and below it what had to be left out.

    Raises CannotScore, BundleError, or OSError where a corpus is missing.
    """
    if len(bundles) > 1:
        raise CannotScore("--degraded judges one bundle at a time: give --bundle once")
    parts = parts_of(only)
    bundle = Bundle.load(bundles[0] if bundles else "undertone-base")
    result = degraded(bundle, data_root(data), runs, parts, DIALOGUES if limit is None else limit)
    if output is not None:
        written: dict[str, JsonValue] = {"bundle": bundle.name}
        written |= {part: dict(rows) for part, rows in result.parts.items()}
        if result.left_out:
            written["left_out"] = list(result.left_out)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(written, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    console = Console()
    show(console, result.parts)
    for sentence in result.left_out:
        console.print(sentence)
