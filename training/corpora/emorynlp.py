"""EmoryNLP (Zahiri and Choi, AAAI workshops 2018): scenes of a sitcom, seven emotions of its own."""

from itertools import groupby
from pathlib import Path
from typing import Final

from training.corpora.dialogue import Dialogue, make_dialogue, read_csv
from training.corpora.root import require

LABELS: Final = ("Neutral", "Joyful", "Peaceful", "Powerful", "Scared", "Mad", "Sad")


def read_emorynlp(root: Path, split: str) -> list[Dialogue]:
    """`emorynlp/{split}.csv`, a dialogue for each scene, in the file's order."""
    path = require(root / "emorynlp" / f"{split}.csv", "EmoryNLP as csv, https://github.com/emorynlp/emotion-detection")
    rows = read_csv(path, ("Utterance", "Speaker", "Emotion", "Scene_ID", "Season", "Episode"))
    return [
        make_dialogue(
            f"emorynlp-{'-'.join(name)}", ((r["Speaker"], r["Utterance"], r["Emotion"]) for r in group), LABELS
        )
        for name, group in groupby(rows, lambda row: (row["Season"], row["Episode"], row["Scene_ID"]))
    ]
