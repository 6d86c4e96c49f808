"""What is to be judged: a corpus, read once, then scored with one bundle or several."""

import csv
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.bundle import Bundle, find
from engine.labels import EMOTIONS
from engine.manifest import TEXT, read_kind
from engine.textbundle import TextBundle
from training.corpora import data_root, iemocap
from training.corpora.clipfile import read_clip_file
from training.corpora.dialogue import Dialogue
from training.corpora.faces import read_faces_npz
from training.corpora.iemocap import read_iemocap_csv
from training.corpora.meld import read_meld_csv, read_meld_media_csv
from training.corpora.root import MissingCorpus, require
from training.corpora.voices import read_voices
from training.evaluation.clips import clips_of, score_clips
from training.evaluation.dialogues import score_meld, score_text
from training.evaluation.faces import score_faces
from training.evaluation.scores import CannotScore, Scores
from training.evaluation.turns import MediaOf, without_punctuation
from training.release import judge_composed
from training.trained import Corpora

VOICES: Final = ("ravdess", "nemo", "tess")
CORPORA: Final = ("meld", "iemocap", "fer2013", "clips", "composed", *VOICES)
SPLITS: Final = ("train", "dev", "test")
_DEFAULT: Final = {"iemocap": "undertone-iemocap"}
_FILES: Final = {"csv": ("meld", "iemocap", "clips"), "npz": ("fer2013",)}

AnyBundle = Bundle | TextBundle
Judge = Callable[[AnyBundle], Scores]


@dataclass(frozen=True, slots=True)
class Question:
    """One call of `undertone eval`, without its bundles. split: None for dev, or for what `csv` or `npz` is of.

    Raises CannotScore if its parts don't go together.
    """

    corpus: str
    split: str | None = None
    csv: Path | None = None
    npz: Path | None = None
    every_label: bool = False
    plain: bool = False
    streaming: bool = False
    data: Path | None = None
    runs: Path = Path("runs")

    def __post_init__(self) -> None:
        if self.corpus not in CORPORA:
            raise CannotScore(f"no corpus {self.corpus!r}: choose one of {', '.join(CORPORA)}")
        if self.split not in (None, *SPLITS):
            raise CannotScore(f"no split {self.split!r}: choose one of {', '.join(SPLITS)}")
        for option, corpora in _FILES.items():
            if getattr(self, option) is not None and self.corpus not in corpora:
                raise CannotScore(f"--{option} does not go with --corpus {self.corpus}, only with {', '.join(corpora)}")
        if self.corpus == "clips" and self.csv is None:
            raise CannotScore("--corpus clips needs --csv: a file with the columns path, label and speaker")
        if self.every_label and self.corpus not in ("clips", *VOICES):
            raise CannotScore(
                f"--labels does not go with --corpus {self.corpus}: it is always scored on all its labels"
            )
        if self.corpus == "composed" and self.split not in (None, "dev"):
            raise CannotScore("composed dialogues are drawn from dev alone: leave --split out")
        if self.plain and self.corpus not in ("meld", "iemocap"):
            raise CannotScore(f"--plain does not go with --corpus {self.corpus}: it brings no words")
        if self.streaming and self.corpus != "meld":
            raise CannotScore(f"--streaming does not go with --corpus {self.corpus}: give --corpus meld")

    @property
    def bundle(self) -> str:
        """The bundle to judge where none is named."""
        return _DEFAULT.get(self.corpus, "undertone-base")

    @property
    def origin(self) -> Scores:
        """What a result says of where it comes from."""
        file = self.csv or self.npz
        split = self.split if file else self.split or "dev"
        return {
            "corpus": self.corpus, "split": split, "file": str(file) if file else None,
            "plain": self.plain, "streaming": self.streaming,
        }  # fmt: skip

    @property
    def title(self) -> str:
        """The corpus, its split or file, and how it is read, in a few words."""
        file = self.csv or self.npz
        words = f"{self.corpus} {file.name if file else self.split or 'dev'}"
        return words + ", plain words" * self.plain + ", streamed" * self.streaming


def open_bundle(name: str) -> AnyBundle:
    """A bundle of either kind. Raises BundleError."""
    return TextBundle.load(name) if read_kind(find(name)) == TEXT else Bundle.load(name)


def prepare(question: Question) -> Judge:
    """Read the corpus; what comes back scores a bundle on it. Both raise CannotScore, MissingCorpus or BundleError."""
    root, split = data_root(question.data), question.split or "dev"
    if question.corpus == "meld":
        return _meld(question, root, split)
    if question.corpus == "iemocap":
        return _iemocap(question, root, split)
    if question.corpus == "fer2013":
        path = require(question.npz or root / "fer2013" / f"{split}.npz", "an npz laid out as fer2013/dev.npz")
        with _reading(path):
            faces = read_faces_npz(path)
        return lambda bundle: score_faces(_whole(bundle, question), faces)
    if question.corpus == "composed":
        corpora = Corpora.read(root, question.runs)
        return lambda bundle: judge_composed(_whole(bundle, question), corpora)
    if question.csv is not None:
        with _reading(question.csv):
            clips = read_clip_file(question.csv)
    else:
        with _reading(root / question.corpus):
            clips = clips_of(read_voices(root), question.corpus, split)
        if not clips:
            raise CannotScore(
                f"{root / question.corpus} has no speakers of the split {split!r}: give another, or list the clips "
                "that you mean in a csv for --corpus clips"
            )
    return lambda bundle: score_clips(_whole(bundle, question), clips, every_label=question.every_label)


def _meld(question: Question, root: Path, split: str) -> Judge:
    path = question.csv or root / "meld" / f"{split}_sent_emo.csv"
    dialogues = _dialogues(path, read_meld_csv, "a csv in the official layout of MELD")
    media = _meld_media(path, question.split or ("dev" if question.csv is None else None))
    said = without_punctuation(dialogues) if question.plain else dialogues

    def judge(bundle: AnyBundle) -> Scores:
        if isinstance(bundle, Bundle):
            return score_meld(bundle, said, media, streaming=question.streaming)
        if question.streaming:
            raise CannotScore(f"{bundle.name} is a bundle of text alone: --streaming needs one such as undertone-base")
        return score_text(_with_labels(bundle, EMOTIONS, "MELD"), said)

    return judge


def _meld_media(path: Path, split: str | None) -> MediaOf | None:
    """The files beside a csv, if its split is known, from its name or as told, and if there are any."""
    named = next((name for name in SPLITS if path.name.startswith(name)), split)
    if named is None:
        return None
    try:
        return read_meld_media_csv(path, named)
    except MissingCorpus:
        return None


def _iemocap(question: Question, root: Path, split: str) -> Judge:
    path = question.csv or root / "iemocap_text" / f"IEMOCAP_{split}.csv"
    dialogues = _dialogues(path, read_iemocap_csv, "a csv with the columns Utterance, Speaker and Emotion")
    said = without_punctuation(dialogues) if question.plain else dialogues

    def judge(bundle: AnyBundle) -> Scores:
        if isinstance(bundle, Bundle):
            raise CannotScore(
                f"{bundle.name} reads {', '.join(EMOTIONS)}: IEMOCAP's six labels need a bundle of their own, "
                "such as undertone-iemocap, which `undertone train iemocap` makes"
            )
        return score_text(_with_labels(bundle, iemocap.LABELS, "IEMOCAP"), said)

    return judge


def _dialogues(path: Path, read: Callable[[Path], list[Dialogue]], what: str) -> list[Dialogue]:
    require(path, what)
    with _reading(path):
        dialogues = read(path)
    if not dialogues:
        raise CannotScore(f"{path} has no rows: give {what}")
    return dialogues


def _whole(bundle: AnyBundle, question: Question) -> Bundle:
    if isinstance(bundle, Bundle):
        return bundle
    raise CannotScore(
        f"{bundle.name} is a bundle of text alone: --corpus {question.corpus} needs one of text, voice and face, "
        "such as undertone-base"
    )


def _with_labels(bundle: TextBundle, labels: Sequence[str], corpus: str) -> TextBundle:
    if bundle.labels != tuple(labels):
        raise CannotScore(
            f"{bundle.name} reads {', '.join(bundle.labels)}, but the labels of {corpus} are {', '.join(labels)}: "
            "give a bundle trained on them"
        )
    return bundle


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """What a file that is not in its layout makes a reader stumble over, in a sentence."""
    try:
        yield
    except (CannotScore, MissingCorpus):
        raise
    except (OSError, ValueError, KeyError, IndexError, csv.Error, zipfile.BadZipFile) as error:
        raise CannotScore(f"{path} can't be read: {error}; give a file in the corpus's own layout") from error
