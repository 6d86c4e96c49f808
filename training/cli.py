"""`undertone train`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer

from engine.errors import BundleError
from engine.labels import Modality
from training import stages
from training.checkpoint import OtherPlan
from training.corpora import data_root
from training.options import Data, Threads

train = typer.Typer(
    help="Make a model bundle, stage by stage; each stage goes on where it was stopped.",
    no_args_is_help=True,
    add_completion=False,
)

Runs = Annotated[Path, typer.Option("--runs", help="Where checkpoints and results go.")]
Configs = Annotated[Path, typer.Option("--configs", help="A folder of TOML files, one a stage.")]
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
def warm(data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2) -> None:
    """Prepare the text encoder on GoEmotions, DailyDialog and EmoryNLP."""
    _run(stages.train_warm, data, runs, configs, threads)


@train.command()
def teachers(
    data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2
) -> None:
    """Text teachers, each on MELD without one fold; what the fusion learns from as well."""
    _run(stages.train_teachers, data, runs, configs, threads)


@train.command()
def teacher(
    modality: Annotated[Modality, typer.Argument(help="What it reads.")],
    model: Annotated[
        str | None, typer.Option("--model", help="In place of the config's: a Hugging Face name, or a folder.")
    ] = None,
    data: Data = None,
    runs: Runs = Path("runs"),
    configs: Configs = stages.CONFIGS,
    threads: Threads = 2,
) -> None:
    """A teacher from a large pre-trained encoder, with its outputs for a student to learn from."""
    from training.teachers import train_teacher

    _run(partial(train_teacher, modality, model=model), data, runs, configs, threads)


@train.command()
def text(data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2) -> None:
    """Distil the text teachers into the text student."""
    _run(stages.train_text, data, runs, configs, threads)


@train.command()
def iemocap(
    data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2
) -> None:
    """Fine-tune a text student of its own on IEMOCAP's six labels."""
    _run(stages.train_iemocap, data, runs, configs, threads)


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


@train.command("left-out")
def left_out(
    data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2
) -> None:
    """Experiment: the voice student on all corpora but one, scored on that one."""
    from training.experiments import leave_one_out

    _run(leave_one_out, data, runs, configs, threads)


@train.command()
def distillation(
    data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2
) -> None:
    """Experiment: voice and face student with each of the distillation terms."""
    from training import experiments

    _run(experiments.distillation, data, runs, configs, threads)


@train.command()
def imbalance(
    data: Data = None, runs: Runs = Path("runs"), configs: Configs = stages.CONFIGS, threads: Threads = 2
) -> None:
    """Experiment: the fusion with each remedy for rare labels."""
    from training.release import train_imbalance

    _run(train_imbalance, data, runs, configs, threads)


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
    typer.echo(f"wrote {folder}: {bundle.name}, judged on dev; its figures are in {folder / 'MODEL_CARD.md'}")


@train.command()
def speakers(
    folder: Annotated[Path, typer.Argument(help="Where the speaker models go.")] = Path(
        "engine/bundles/undertone-speakers"
    ),
) -> None:
    """Bring the published speaker models into this project's form; nothing is trained."""
    from training.speakers import convert

    with _plainly():
        convert(folder)
    typer.echo(f"wrote {folder}; score it with `undertone eval --corpus diarization`")


@train.command("export-iemocap")
def export_iemocap(
    folder: Annotated[Path, typer.Argument(help="Where the bundle of text goes; its last part is its name.")],
    data: Data = None,
    runs: Runs = Path("runs"),
    configs: Configs = stages.CONFIGS,
    threads: Threads = 2,
) -> None:
    """Write the six-label text student as a bundle of its own, judged on dev."""
    from training.iemocap import export as release

    torch.set_num_threads(threads)
    with _plainly():
        release(data_root(data), runs, folder, configs)
    typer.echo(f"wrote {folder}; score it with `undertone eval --corpus iemocap --bundle {folder}`")


if __name__ == "__main__":
    train()
