"""Where the corpora lie."""

import os
from pathlib import Path


class MissingCorpus(FileNotFoundError):
    """A corpus is not where it should be; the message says what to put where."""


def data_root(given: Path | None = None) -> Path:
    """The folder of corpora: as given, else UNDERTONE_DATA, else ../shared/data beside the repository."""
    return given or Path(os.environ.get("UNDERTONE_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


def require(path: Path, what: str) -> Path:
    """The path, if it is there; raises MissingCorpus naming it and what belongs there."""
    if not path.exists():
        raise MissingCorpus(f"{path} is missing: {what}. Set UNDERTONE_DATA or --data to the folder of corpora.")
    return path
