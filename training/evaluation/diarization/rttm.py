"""Rich Transcription Time Marked files: who spoke when, as corpora and other tools write it. NIST RT-09, appendix A."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.evaluation.scores import CannotScore


@dataclass(frozen=True, slots=True)
class Spoken:
    """`speaker` speaks from `start` to `end`, in seconds."""

    start: float
    end: float
    speaker: str


def read_rttm(path: Path) -> dict[str, list[Spoken]]:
    """The SPEAKER lines of each recording that the file names. Raises CannotScore naming the line, and OSError."""
    if not path.is_file():
        raise CannotScore(f"there is no file {path}; give an RTTM file")
    recordings: dict[str, list[Spoken]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":
            continue
        try:
            start, seconds, speaker = float(fields[3]), float(fields[4]), fields[7]
        except (IndexError, ValueError) as error:
            raise CannotScore(f"{path}, line {number}: no start, duration and speaker in fields 4, 5 and 8") from error
        recordings.setdefault(fields[1], []).append(Spoken(start, start + seconds, speaker))
    if not recordings:
        raise CannotScore(f"{path} has no SPEAKER lines; give an RTTM file")
    return recordings


def write_rttm(path: Path, recordings: Mapping[str, Sequence[Spoken]]) -> None:
    """A SPEAKER line for each stretch of speech."""
    lines = [
        f"SPEAKER {name} 1 {one.start:.3f} {one.end - one.start:.3f} <NA> <NA> {one.speaker} <NA> <NA>\n"
        for name, spoken in recordings.items()
        for one in spoken
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8")
