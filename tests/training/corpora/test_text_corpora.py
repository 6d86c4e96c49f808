"""EmoryNLP, DailyDialog and GoEmotions."""

import json
from pathlib import Path

import pytest

from training.corpora import MissingCorpus, dailydialog, data_root, emorynlp
from training.corpora.dailydialog import read_dailydialog
from training.corpora.emorynlp import read_emorynlp
from training.corpora.goemotions import read_goemotions


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def test_emorynlp_has_a_dialogue_for_each_scene_of_each_episode(tmp_path: Path) -> None:
    rows = [
        "Coffee.,['Rachel Green'],Neutral,1,1,1,15",
        "Thanks!,['Joey Tribbiani'],Joyful,1,2,1,15",
        "Yeah.,['Rachel Green'],Mad,1,3,1,15",
        "Hey.,['Joey Tribbiani'],Peaceful,1,1,1,16",  # the same scene number, another episode
    ]
    write(
        tmp_path / "emorynlp" / "dev.csv",
        "Utterance,Speaker,Emotion,Scene_ID,Utterance_ID,Season,Episode\n" + "\n".join(rows) + "\n",
    )
    first, second = read_emorynlp(tmp_path, "dev")
    assert [turn.speaker for turn in first.turns] == [1, 2, 1]
    assert [emorynlp.LABELS[label] for label in (*first.labels, *second.labels)] == [
        "Neutral",
        "Joyful",
        "Mad",
        "Peaceful",
    ]


def test_dailydialog_knows_the_spellings_of_its_labels(tmp_path: Path) -> None:
    said = [("A", "neutral"), ("B", "happines"), ("A", "excited "), ("B", "Angry")]
    turns = [{"turn": i, "speaker": who, "utterance": "So .", "emotion": e} for i, (who, e) in enumerate(said)]
    write(tmp_path / "dailydialog" / "train.json", json.dumps({"tr_1": [turns]}))
    (dialogue,) = read_dailydialog(tmp_path, "train")
    assert (dialogue.name, [turn.speaker for turn in dialogue.turns]) == ("dailydialog-tr_1", [1, 2, 1, 2])
    assert [dailydialog.LABELS[label] for label in dialogue.labels] == ["neutral", "happiness", "happiness", "anger"]


def test_a_comment_may_have_several_labels(tmp_path: Path) -> None:
    write(tmp_path / "goemotions" / "dev.tsv", "Is this real?\t27\ta1\nYou don't!\t4,26\ta2\n")
    comments = read_goemotions(tmp_path, "dev")
    assert comments.texts == ["Is this real?", "You don't!"]
    assert [row.nonzero().flatten().tolist() for row in comments.labels] == [[27], [4, 26]]


def test_a_torn_line_of_goemotions_says_which(tmp_path: Path) -> None:
    write(tmp_path / "goemotions" / "dev.tsv", "Is this real?\t27\ta1\nYou don't!\n")
    with pytest.raises(MissingCorpus, match=r"dev.tsv, line 2: needs text, label ids and id"):
        read_goemotions(tmp_path, "dev")


@pytest.mark.skipif(not (data_root() / "emorynlp").exists(), reason="no corpora here")
def test_the_real_ones_have_the_sizes_that_their_readme_says() -> None:
    assert len(read_goemotions(data_root(), "dev").texts) == 5_426
    assert [len(read_dailydialog(data_root(), split)) for split in ("train", "dev")] == [834, 47]
    assert len(read_emorynlp(data_root(), "dev")) > 50
