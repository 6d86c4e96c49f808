"""IEMOCAP (Busso et al., LREC 2008): improvised and scripted dyads, six labels; as csv, or the official folders."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from training.corpora.dialogue import Dialogue, make_dialogue, read_csv
from training.corpora.media import Media
from training.corpora.root import MissingCorpus, require

LABELS: Final = ("ang", "exc", "fru", "hap", "neu", "sad")

_SESSIONS: Final[dict[str, tuple[int, ...]]] = {"train": (1, 2, 3, 4), "dev": (1, 2, 3, 4), "test": (5,)}
# The dialogues that IEMOCAP_dev.csv holds: both layouts have the same 108, 12 and 31 dialogues.
_DEV: Final = (
    "Ses01M_impro01", "Ses01M_script03_1", "Ses02F_impro02", "Ses02F_impro07", "Ses02M_script01_2", "Ses03F_impro01",
    "Ses03M_impro02", "Ses03M_impro08a", "Ses03M_script02_2", "Ses03M_script03_2", "Ses04F_impro07",
    "Ses04F_script02_1",
)  # fmt: skip
# "Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me."; MXX0 and FXX0 are breaths, "M:" and "F:" have no name.
_SAID: Final = re.compile(r"(?P<name>Ses\d\d[FM]_\w+_[FM]\d{3}) \[(?P<start>[\d.]+)-(?P<end>[\d.]+)\]: *(?P<text>.*)")
# "[6.2901 - 8.2357]	Ses01F_impro01_F000	neu	[2.5000, 2.5000, 2.5000]"
_JUDGED: Final = re.compile(r"\[[\d.]+ - [\d.]+\]\s+(?P<name>\w+)\s+(?P<label>\w+)\s")


@dataclass(frozen=True, slots=True)
class Recording:
    """A dialogue with where its turns' media lie, one a turn.

    The avi shows both actors at once, one in each half of the picture, and a turn's span is where it lies there.
    """

    dialogue: Dialogue
    media: tuple[Media, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    name: str
    start: float
    end: float
    text: str


def read_iemocap(root: Path, split: str) -> list[Dialogue]:
    """`iemocap_text/IEMOCAP_{split}.csv`."""
    path = root / "iemocap_text" / f"IEMOCAP_{split}.csv"
    return read_iemocap_csv(require(path, "IEMOCAP's transcripts with emotions as csv"))


def read_iemocap_csv(path: Path) -> list[Dialogue]:
    """Any file with these columns, in its order. `Speaker` names an utterance, such as Ses01F_impro01_M003: dialogue,
    then who speaks (F or M) and number."""
    rows = read_csv(path, ("Utterance", "Speaker", "Emotion"))
    return [
        make_dialogue(f"iemocap-{name}", ((_who(r), r["Utterance"], r["Emotion"].strip()) for r in group), LABELS)
        for name, group in groupby(rows, lambda row: row["Speaker"].rpartition("_")[0])
    ]


def _who(row: dict[str, str]) -> str:
    return row["Speaker"].rpartition("_")[2][:1]


def read_iemocap_recordings(root: Path, split: str) -> list[Recording]:
    """`IEMOCAP_full_release/Session1` to `Session5`: 5 is test, twelve dialogues of the others are dev.

    Turns are in the order in which they begin. A turn with another label than the six (xxx, sur, fea, dis, oth) is
    left out, as in the csv. Raises MissingCorpus naming the file that is missing; a wav or avi may be.
    """
    release = require(root / "IEMOCAP_full_release", "IEMOCAP's official folders, https://sail.usc.edu/iemocap")
    recordings = [one for number in _SESSIONS[split] for one in _session(release / f"Session{number}")]
    if split == "test":
        return recordings
    return [one for one in recordings if (one.dialogue.name.removeprefix("iemocap-") in _DEV) == (split == "dev")]


def _session(folder: Path) -> Iterator[Recording]:
    transcriptions = require(folder / "dialog" / "transcriptions", "IEMOCAP's transcripts, Ses*.txt")
    paths = sorted(transcriptions.glob("Ses*.txt"))  # the release has ._Ses*.txt beside them
    if not paths:
        raise MissingCorpus(f"{transcriptions} holds no Ses*.txt: IEMOCAP's transcripts belong there")
    for path in paths:
        judged = require(folder / "dialog" / "EmoEvaluation" / path.name, "IEMOCAP's labels of this dialogue")
        labels = {match["name"]: match["label"] for match in map(_JUDGED.match, _lines(judged)) if match}
        said = [turn for turn in sorted(_turns(path), key=lambda turn: turn.start) if labels.get(turn.name) in LABELS]
        if said:
            turns = ((turn.name.rpartition("_")[2][0], turn.text, labels[turn.name]) for turn in said)
            yield Recording(make_dialogue(f"iemocap-{path.stem}", turns, LABELS), _media(folder, path.stem, said))


def _turns(path: Path) -> Iterator[_Said]:
    for match in map(_SAID.match, _lines(path)):
        if match:
            yield _Said(match["name"], float(match["start"]), float(match["end"]), match["text"].strip())


def _media(folder: Path, dialogue: str, said: Sequence[_Said]) -> tuple[Media, ...]:
    sounds, video = folder / "sentences" / "wav" / dialogue, folder / "dialog" / "avi" / "DivX" / f"{dialogue}.avi"
    film = video if video.is_file() else None
    wavs = [sounds / f"{turn.name}.wav" for turn in said]
    return tuple(
        Media(wav if wav.is_file() else None, film, (turn.start, turn.end))
        for turn, wav in zip(said, wavs, strict=True)
    )


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()
