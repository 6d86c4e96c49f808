"""A user's own clips: a csv of paths, labels and speakers."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import av

from engine.labels import EMOTIONS
from training.corpora.root import MissingCorpus

Kind = Literal["sound", "picture", "video"]

_COLUMNS: Final = ("path", "label", "speaker")
_SOUND: Final = {".wav", ".flac", ".mp3", ".opus", ".m4a", ".aac"}
_PICTURE: Final = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
_EITHER: Final = {".mp4", ".mkv", ".webm", ".mov", ".avi", ".ogg"}  # these may hold sound alone


@dataclass(frozen=True, slots=True)
class ClipRow:
    """One clip. label: index into EMOTIONS; speaker: as written, whatever tells speakers apart."""

    path: Path
    label: int
    speaker: str
    kind: Kind


def read_clip_file(path: Path) -> list[ClipRow]:
    """A csv with the columns path (relative to the csv), label and speaker, in the file's order.

    Only the containers that may hold sound alone are opened. Raises MissingCorpus naming csv and line.
    """
    if not path.is_file():
        raise MissingCorpus(f"{path} is missing: a csv with the columns {', '.join(_COLUMNS)} belongs there")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise MissingCorpus(f"{path} has no column {', '.join(missing)}: it needs {', '.join(_COLUMNS)}")
            rows = [_clip(path, reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise MissingCorpus(f"{path} can't be read as a csv ({error}); save it anew, in UTF-8") from error
    if not rows:
        raise MissingCorpus(f"{path} names no clips: it needs a line with {', '.join(_COLUMNS)} for each")
    return rows


def _clip(table: Path, line: int, row: Mapping[str, str | None]) -> ClipRow:
    where = f"{table}, line {line}"
    name, label, speaker = ((row[column] or "").strip() for column in _COLUMNS)
    if not name or not speaker:
        raise MissingCorpus(f"{where}: path, label and speaker must all be given")
    if label not in EMOTIONS:
        raise MissingCorpus(f"{where}: {label!r} is no label here; use one of {', '.join(EMOTIONS)}")
    clip = table.parent / name
    if not clip.is_file():
        raise MissingCorpus(f"{where}: {clip} is missing; paths are relative to the csv")
    if clip.stat().st_size == 0:
        raise MissingCorpus(f"{where}: {clip} is empty; put the clip there or take the line out")
    return ClipRow(clip, EMOTIONS.index(label), speaker, _kind(where, clip))


def _kind(where: str, clip: Path) -> Kind:
    suffix = clip.suffix.lower()
    if suffix in _SOUND:
        return "sound"
    if suffix in _PICTURE:
        return "picture"
    if suffix not in _EITHER:
        known = ", ".join(sorted(_SOUND | _PICTURE | _EITHER))
        raise MissingCorpus(f"{where}: {clip.name} is of a kind that is not read; convert it to one of {known}")
    try:
        with av.open(str(clip)) as file:
            streams = (len(file.streams.video), len(file.streams.audio))
    except av.FFmpegError as error:
        raise MissingCorpus(f"{where}: {clip} can't be opened ({error.strerror}); convert it anew") from error
    if not any(streams):
        raise MissingCorpus(f"{where}: {clip} holds neither sound nor pictures")
    return "video" if streams[0] else "sound"
