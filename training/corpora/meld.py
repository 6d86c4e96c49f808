"""MELD (Poria et al., ACL 2019): dialogues of a sitcom, seven emotions; text from the official csv, media beside it."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from engine.labels import EMOTIONS
from training.corpora.dialogue import Dialogue, make_dialogue, read_csv
from training.corpora.media import Media
from training.corpora.root import MissingCorpus, require

LABELS = EMOTIONS

# The official archives' names, then the siblings that some releases have.
_FOLDERS: Final[dict[str, tuple[str, ...]]] = {
    "train": ("train_splits",),
    "dev": ("dev_splits_complete", "dev_splits"),
    "test": ("output_repeated_splits_test", "test_splits_complete", "test_splits"),
}
_BROKEN: Final = {("train", "dia125_utt3"), ("dev", "dia110_utt7")}  # the official clips that no decoder opens


def read_meld(root: Path, split: str) -> list[Dialogue]:
    """`meld/{split}_sent_emo.csv`, in the file's order."""
    path = root / "meld" / f"{split}_sent_emo.csv"
    return read_meld_csv(require(path, "the official csv of MELD, https://github.com/declare-lab/MELD"))


def read_meld_csv(path: Path) -> list[Dialogue]:
    """Any file with the official csv's columns."""
    rows = read_csv(path, ("Utterance", "Speaker", "Emotion", "Dialogue_ID"))
    return [
        make_dialogue(f"meld-{name}", ((r["Speaker"], r["Utterance"], r["Emotion"].strip()) for r in group), LABELS)
        for name, group in groupby(rows, lambda row: row["Dialogue_ID"])
    ]


def read_meld_media(root: Path, split: str) -> list[tuple[Media, ...]]:
    """Where the media of each turn of `read_meld` lie: `meld/train_splits/dia0_utt0.mp4` and so on.

    Raises MissingCorpus if there are none at all; a turn whose clip is missing or known to be broken has none.
    """
    path = root / "meld" / f"{split}_sent_emo.csv"
    require(path, "the official csv of MELD, https://github.com/declare-lab/MELD")
    return read_meld_media_csv(path, split)


def read_meld_media_csv(path: Path, split: str) -> list[tuple[Media, ...]]:
    """Where the media of each turn of `read_meld_csv` lie, in a split's folder beside the csv."""
    rows = read_csv(path, ("Dialogue_ID", "Utterance_ID"))
    folders = [path.parent / name for name in _FOLDERS[split]]
    media = [
        tuple(_media(folders, split, f"dia{name}_utt{row['Utterance_ID']}") for row in group)
        for name, group in groupby(rows, lambda row: row["Dialogue_ID"])
    ]
    if not any(one.there for turns in media for one in turns):
        raise MissingCorpus(
            f"{folders[0]} holds no diaX_uttY.mp4 or .wav of {path.name}: "
            "unpack MELD.Raw.tar.gz of https://github.com/declare-lab/MELD so that it does"
        )
    return media


def _media(folders: Sequence[Path], split: str, name: str) -> Media:
    """A wav is preferred for the sound: it needs no demuxing."""
    if (split, name) in _BROKEN:
        return Media()
    sound, video = _first(folders, f"{name}.wav"), _first(folders, f"{name}.mp4")
    return Media(sound or video, video)


def _first(folders: Sequence[Path], name: str) -> Path | None:
    return next((folder / name for folder in folders if (folder / name).is_file()), None)
