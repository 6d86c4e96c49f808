"""`undertone train` and `undertone eval`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import torch
import typer

from training import stages
from training.corpora import data_root

app = typer.Typer(help="Make a model bundle, stage by stage; each stage goes on where it was stopped.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="The folder of corpora; else UNDERTONE_DATA, else ../shared/data.")]
Runs = Annotated[Path, typer.Option("--runs", help="Where checkpoints and results go.")]
Config = Annotated[Path | None, typer.Option("--config", help="A TOML file like those in training/configs.")]
Threads = Annotated[int, typer.Option("--threads", help="CPU threads.", min=1)]
Stage = Callable[[Path, Path, Path | None], dict[str, float]]


def _run(stage: Stage, data: Path | None, runs: Path, config: Path | None, threads: int) -> None:
    torch.set_num_threads(threads)
    scores = stage(data_root(data), runs, config)
    typer.echo("  ".join(f"{name} {value:.4f}" for name, value in scores.items()))


@app.command()
def text(data: Data = None, runs: Runs = Path("runs"), config: Config = None, threads: Threads = 2) -> None:
    """Fine-tune the text student on MELD."""
    _run(stages.train_text, data, runs, config, threads)


@app.command()
def folds(data: Data = None, runs: Runs = Path("runs"), config: Config = None, threads: Threads = 2) -> None:
    """Text students on each half of MELD, for the fusion's training features."""
    _run(stages.train_folds, data, runs, config, threads)


@app.command()
def audio(data: Data = None, runs: Runs = Path("runs"), config: Config = None, threads: Threads = 2) -> None:
    """Train the audio student on RAVDESS, nEMO and TESS."""
    _run(stages.train_audio, data, runs, config, threads)


@app.command()
def video(data: Data = None, runs: Runs = Path("runs"), config: Config = None, threads: Threads = 2) -> None:
    """Train the video student on FER2013 with FER+ votes."""
    _run(stages.train_video, data, runs, config, threads)


if __name__ == "__main__":
    app()
