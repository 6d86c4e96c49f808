"""`undertone eval`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import torch
import typer
from rich.console import Console

from engine.errors import BundleError
from training.evaluation.scores import CannotScore, Scores
from training.options import Data, Threads

if TYPE_CHECKING:
    from training.evaluation.question import Question

evaluate = typer.Typer(help="Judge a bundle on a corpus, as it is shipped.", add_completion=False)


@evaluate.command()
def _evaluate(
    bundle: Annotated[
        list[str] | None,
        typer.Option("--bundle", help="A bundle: its name, a folder, or a hub id. Several give mean and spread."),
    ] = None,
    corpus: Annotated[
        str,
        typer.Option("--corpus", help="meld, iemocap, fer2013, clips, composed, ravdess, nemo, tess or diarization."),
    ] = "meld",
    split: Annotated[
        str | None, typer.Option("--split", help="dev (the default), train or test; diarization: composed.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="A csv in the corpus's layout; for clips: path, label, speaker.")
    ] = None,
    npz: Annotated[Path | None, typer.Option("--npz", help="A file laid out as fer2013/dev.npz.")] = None,
    labels: Annotated[
        str, typer.Option("--labels", help="Clips: the choice is among the labels that the `file` has, or `all` seven.")
    ] = "file",
    plain: Annotated[bool, typer.Option("--plain", help="Words without case and punctuation.")] = False,
    streaming: Annotated[
        bool, typer.Option("--streaming", help="MELD through the live engine, utterance by utterance.")
    ] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write all figures here, as JSON.")] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw the confusion matrix here; else beside the JSON.")
    ] = None,
    degraded: Annotated[
        bool, typer.Option("--degraded", help="All on dev, clean beside noise, codecs, blur, recognised words.")
    ] = False,
    only: Annotated[str | None, typer.Option("--only", help="Degraded: voice, face or words alone.")] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Degraded: so many dialogues of MELD for the words; else 30.", min=1)
    ] = None,
    reference: Annotated[
        Path | None, typer.Option("--reference", help="Diarization: an RTTM file that is right; with --hypothesis.")
    ] = None,
    hypothesis: Annotated[
        Path | None, typer.Option("--hypothesis", help="Diarization: an RTTM file to judge, of the same recordings.")
    ] = None,
    speakers: Annotated[
        int | None, typer.Option("--speakers", help="Diarization: how many there are; else that is found out.", min=1)
    ] = None,
    runs: Annotated[Path, typer.Option("--runs", help="Where voices and recognised words are kept.")] = Path("runs"),
    data: Data = None,
    threads: Threads = 2,
) -> None:
    """Weighted and macro F1, accuracy, UAR and calibration, each class, and the confusion matrix."""
    from training.evaluation.picture import check_kind
    from training.evaluation.question import Question
    from training.evaluation.streaming import EXACT

    torch.set_num_threads(threads)
    try:
        if corpus == "diarization":
            from training.evaluation.diarization.command import judge_diarization

            judge_diarization(split or "dev", data, reference, hypothesis, speakers, output)
            return
        if degraded:
            from training.evaluation.degraded.command import judge_degraded

            if (corpus, split, csv, npz, plain, streaming, picture) != ("meld", None, None, None, False, False, None):
                raise CannotScore(  # noqa: TRY301
                    "--degraded has its own corpora: it goes with --bundle, --only, --limit, --runs and -o alone"
                )
            judge_degraded(bundle or [], only, limit, data, runs, output)
            return
        if labels not in ("file", "all"):
            raise CannotScore(f"--labels {labels} is no choice: give file or all")  # noqa: TRY301
        if drawn := picture or (output.with_suffix(".png") if output else None):
            check_kind(drawn)
        question = Question(corpus, split, csv, npz, labels == "all", plain, streaming, data, runs)
        scores = answer(question, bundle or [question.bundle])
        _write(scores, question.title, output, drawn)
    except (CannotScore, BundleError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if isinstance(apart := scores.get("max_difference"), float) and apart >= EXACT:
        typer.echo(f"streaming differs from the offline pass by {apart:.1e}: a fault of Undertone; report it", err=True)
        raise typer.Exit(1)


def answer(question: "Question", names: Sequence[str]) -> Scores:
    """The result for one bundle, or of several together. Raises CannotScore, BundleError or OSError."""
    from training.evaluation.question import open_bundle, prepare
    from training.evaluation.seeds import together

    judge = prepare(question)
    rows: list[Scores] = []
    for name in names:
        bundle = open_bundle(name)
        row = {"bundle": bundle.name, **question.origin, **judge(bundle)}
        if "fusion_seeds" in bundle.manifest.training:
            row["over_seeds"] = bundle.manifest.training["fusion_seeds"]
        rows.append(row)
    return rows[0] if len(rows) == 1 else together(rows)


def _write(scores: Scores, title: str, output: Path | None, picture: Path | None) -> None:
    """Files first: who reads the tables may leave, as `head` does."""
    from training.evaluation.picture import draw, panels_of
    from training.evaluation.report import show

    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(scores, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    if picture is not None:
        picture.parent.mkdir(parents=True, exist_ok=True)
        draw(panels_of(title, scores), picture)
    show(Console(), title, scores)
