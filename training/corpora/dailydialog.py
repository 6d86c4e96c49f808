"""DailyDialog (Li et al., IJCNLP 2017): everyday dialogues in writing, with emotions as in RECCON's JSON."""

import json
from pathlib import Path
from typing import Final

from training.corpora.dialogue import Dialogue, make_dialogue
from training.corpora.root import require

LABELS: Final = ("neutral", "happiness", "surprise", "anger", "sadness", "fear", "disgust")
_SPELLINGS: Final = {
    "happines": "happiness", "happy": "happiness", "excited": "happiness", "surprised": "surprise", "angry": "anger",
    "sad": "sadness",
}  # fmt: skip  # as they occur in the files


def read_dailydialog(root: Path, split: str) -> list[Dialogue]:
    """`dailydialog/{split}.json`: for each dialogue a list of turns with speaker, utterance and emotion."""
    path = require(root / "dailydialog" / f"{split}.json", "DailyDialog as in https://github.com/declare-lab/RECCON")
    dialogues: dict[str, list[list[dict[str, str]]]] = json.loads(path.read_text(encoding="utf-8"))
    return [make_dialogue(f"dailydialog-{name}", map(_turn, turns), LABELS) for name, (turns, *_) in dialogues.items()]


def _turn(row: dict[str, str]) -> tuple[str, str, str]:
    emotion = row["emotion"].strip().lower()
    return row["speaker"], row["utterance"], _SPELLINGS.get(emotion, emotion)
