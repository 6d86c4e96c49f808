"""What `undertone eval --corpus diarization` does once its options are read."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table

from engine.speakers import Diarisation, Diariser, SpeakerModels
from engine.utterance import SAMPLE_RATE
from training.clips import read_pcm
from training.corpora import data_root
from training.corpora.root import MissingCorpus
from training.evaluation.diarization.composed import Samples, compose
from training.evaluation.diarization.rttm import Spoken, read_rttm, write_rttm
from training.evaluation.diarization.score import Pair, score
from training.evaluation.scores import CannotScore, Scores

_COLLARS = {
    "0": "all of the speech counts",
    "0.25": "0.125 s on either side of a boundary, pyannote's collar=0.25",
    "0.5": "0.25 s on either side of a boundary, NIST's collar of 0.25",
}
Recording = tuple[str, Samples, list[Spoken]]
_SOUND = (".flac", ".wav", ".mp3", ".opus", ".m4a")


def judge_diarization(
    split: str,
    data: Path | None,
    reference: Path | None,
    hypothesis: Path | None,
    speakers: int | None,
    output: Path | None,
) -> None:
    """Write the JSON (and, of recordings, what was found, as RTTM beside it), then print the tables.

    split: "dev", the recordings of a folder; "composed", dialogues made of acted clips.
    Raises CannotScore, BundleError, or OSError where the corpus is missing.
    """
    if (reference is None) != (hypothesis is None):
        raise CannotScore("--reference and --hypothesis go together: give both RTTM files")
    if reference is not None and hypothesis is not None:
        pairs = _matched(reference, hypothesis)
    else:
        recordings = {"dev": _recordings, "composed": compose}.get(split)
        if recordings is None:
            raise CannotScore(f"diarization has no split {split}: give dev or composed")
        pairs = _diarised(recordings(data_root(data)), speakers)
    scores = {"corpus": "diarization", "split": split if reference is None else "given", **score(pairs)}
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(scores, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        if reference is None:
            write_rttm(output.with_suffix(".rttm"), {name: pair.hypothesis for name, pair in pairs.items()})
    _show(Console(), scores)


def spoken(found: Diarisation) -> list[Spoken]:
    """What was found, in the reference's form."""
    return [Spoken(turn.start, turn.end, f"speaker-{turn.speaker + 1}") for turn in found.turns]


def _diarised(recordings: Iterable[Recording], speakers: int | None) -> dict[str, Pair]:
    models = SpeakerModels.load()
    pairs: dict[str, Pair] = {}
    for name, pcm, there in recordings:
        diariser = Diariser(models)
        diariser.push(pcm)
        pairs[name] = Pair(there, spoken(diariser.finish(speakers)), len(pcm) / SAMPLE_RATE)
    return pairs


def _recordings(root: Path) -> Iterator[Recording]:
    folder = root / "meeting" if (root / "meeting").is_dir() else root
    references = sorted(folder.glob("*.rttm"))
    if not references:
        raise MissingCorpus(f"{folder} has no *.rttm files; give --data a folder of recordings with one beside each")
    for path in references:
        sound = next((path.with_suffix(suffix) for suffix in _SOUND if path.with_suffix(suffix).is_file()), None)
        if sound is None:
            raise MissingCorpus(f"{path} has no recording beside it: {path.stem} with one of {', '.join(_SOUND)}")
        yield path.stem, read_pcm(sound), read_rttm(path).get(path.stem, [])


def _matched(reference: Path, hypothesis: Path) -> dict[str, Pair]:
    """By the names of the recordings, or whatever they are called where each file has just one."""
    wanted, found = read_rttm(reference), read_rttm(hypothesis)
    if len(wanted) == len(found) == 1:
        found = dict(zip(wanted, found.values(), strict=True))
    if unknown := sorted(found.keys() - wanted.keys()):
        raise CannotScore(f"{hypothesis} has recordings that {reference} has not: {', '.join(unknown)}")
    pairs: dict[str, Pair] = {}
    for name, there in wanted.items():
        said = found.get(name, [])
        pairs[name] = Pair(there, said, max(one.end for one in (*there, *said)))
    return pairs


def _show(console: Console, scores: Scores) -> None:
    speakers, collars = cast(dict[str, Scores], scores["speakers"]), cast(dict[str, Scores], scores["collars"])
    for collar, at in collars.items():
        table = Table(title=f"collar of {collar} s: {_COLLARS[collar]}")
        table.add_column("recording")
        for column in ("speech s", "speakers", "DER", "miss", "false alarm", "confusion", "JER"):
            table.add_column(column, justify="right")
        for name, row in cast(dict[str, dict[str, float]], at["files"]).items():
            table.add_row(name, *_cells(row, f"{speakers[name]['hypothesis']} of {speakers[name]['reference']}"))
        table.add_section()
        table.add_row("all", *_cells(cast(dict[str, float], at), ""))
        console.print(table)
    console.print(f"{scores['n']} recordings, {scores['seconds']} s; overlapping speech counts")


def _cells(row: dict[str, float], speakers: str) -> list[str]:
    rates = [f"{100 * row[name]:.1f}" for name in ("der", "miss", "false_alarm", "confusion", "jer")]
    return [f"{row['speech']:.1f}", speakers, *rates]
