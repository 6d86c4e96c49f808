"""`undertone train` and `undertone eval`."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import torch
import typer
from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from engine.errors import BundleError
from training import stages
from training.checkpoint import OtherPlan
from training.corpora import data_root

train = typer.Typer(
    help="Make a model bundle, stage by stage; each stage goes on where it was stopped.",
    no_args_is_help=True,
    add_completion=False,
)
evaluate = typer.Typer(help="Judge a bundle on dev, as it is shipped.", add_completion=False)

Data = Annotated[Path | None, typer.Option("--data", help="The corpora; else UNDERTONE_DATA, else ../shared/data.")]
Runs = Annotated[Path, typer.Option("--runs", help="Where checkpoints and results go.")]
Configs = Annotated[Path, typer.Option("--configs", help="A folder of TOML files, one a stage.")]
Threads = Annotated[int, typer.Option("--threads", help="CPU threads.", min=1)]
Stage = Callable[[Path, Path, Path], dict[str, float]]


@contextmanager
def _plainly() -> Iterator[None]:
    """What is missing or does not fit is said in a sentence, not in a traceback."""
    try:
        yield
    except (FileNotFoundError, BundleError, OtherPlan) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _run(stage: Stage, data: Path | None, runs: Path, configs: Path, threads: int) -> None:
    torch.set_num_threads(threads)
    with _plainly():
        scores = stage(data_root(data), runs, configs)
    typer.echo("  ".join(f"{name} {value:.4f}" for name, value in scores.items()))


@train.command()
def text(data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2) -> None:
    """Fine-tune the text student on MELD."""
    _run(stages.train_text, data, runs, configs, threads)


@train.command()
def folds(
    data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2
) -> None:
    """Text students on each half of MELD, for the fusion's training features."""
    _run(stages.train_folds, data, runs, configs, threads)


@train.command()
def audio(
    data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2
) -> None:
    """Train the audio student on RAVDESS, nEMO and TESS."""
    _run(stages.train_audio, data, runs, configs, threads)


@train.command()
def video(
    data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2
) -> None:
    """Train the video student on FER2013 with FER+ votes."""
    _run(stages.train_video, data, runs, configs, threads)


@train.command()
def fusion(
    data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2
) -> None:
    """Train the fusion on composed dialogues, once with each seed."""
    from training.release import train_fusion

    _run(train_fusion, data, runs, configs, threads)


@train.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where the bundle goes; its last part is its name.")],
    data: Data = None,
    runs: Runs = Path("runs"),
    configs: Configs = stages.CONFIGS,
    threads: Threads = 2,
) -> None:
    """Calibrate, write the bundle, judge it as written, and write its model card."""
    from training.release import export as release

    torch.set_num_threads(threads)
    with _plainly():
        bundle = release(data_root(data), runs, folder, configs)
    _print(bundle.manifest.scores)


@evaluate.command()
def _evaluate(
    bundle: Annotated[str, typer.Argument(help="A bundle: its name, a folder, or a hub id.")] = "undertone-base",
    data: Data = None,
    runs: Runs = Path("runs"),
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write all figures here, as JSON.")] = None,
    threads: Threads = 2,
) -> None:
    """Weighted and macro F1, accuracy and calibration of a bundle on dev, by modality and fused."""
    from engine.bundle import Bundle
    from training.evaluate import evaluate as judge
    from training.release import Corpora, compose_as_shipped

    torch.set_num_threads(threads)
    with _plainly():
        scores = judge(Bundle.load(bundle), Corpora.read(data_root(data), runs).dev_set(), compose_as_shipped)
    _print(scores)
    if output is not None:
        output.write_text(json.dumps(scores, indent=2) + "\n")


def _print(scores: dict[str, JsonValue]) -> None:
    from training.evaluate import summary

    table = Table("on dev", "n", "weighted F1", "macro F1", "accuracy", "ECE")
    for name, row in summary(scores).items():
        figures = (row[key] for key in ("weighted_f1", "macro_f1", "accuracy", "ece"))
        table.add_row(name, str(row["n"]), *(f"{value:.4f}" for value in figures if isinstance(value, float)))
    Console().print(table)


if __name__ == "__main__":
    train()
