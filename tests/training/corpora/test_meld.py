"""MELD: dialogues from the official csv, media in the official folders."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_corpora import write_corpora, write_tone
from tests.tiny_media import write_film, write_meld_clips
from training.clips import read_pcm
from training.corpora import MissingCorpus, data_root
from training.corpora.media import Media
from training.corpora.meld import read_meld, read_meld_csv, read_meld_media, read_meld_media_csv
from training.frames import read_frames


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_corpora(tmp_path / "data")


def test_speakers_are_numbered_by_first_appearance(data: Path) -> None:
    dialogues = read_meld(data, "train")
    assert len(dialogues) == 6
    assert [turn.speaker for turn in dialogues[0].turns] == [1, 2, 3, 1, 2, 3, 1]
    assert dialogues[1].turns[0].text == "great, great!"
    assert dialogues[1].labels == (1, 2, 3, 4, 5, 6, 0)


def test_a_label_of_another_corpus_is_an_error_that_names_the_labels(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Utterance,Speaker,Emotion,Dialogue_ID\nHi.,Ann,bored,3\n")
    with pytest.raises(ValueError, match=r"meld-3: 'bored' is no label here; these are: neutral, joy"):
        read_meld_csv(path)


def test_a_csv_without_a_column_says_which(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Utterance,Speaker\nHi.,Ann\n")
    with pytest.raises(MissingCorpus, match="has no column Emotion, Dialogue_ID"):
        read_meld_csv(path)


def test_a_missing_clip_is_an_utterance_without_media(data: Path) -> None:
    folder = data / "meld" / "train_splits"
    write_meld_clips(folder, [(0, 2), (6,)])
    media = read_meld_media(data, "train")
    assert [len(turns) for turns in media] == [len(dialogue.turns) for dialogue in read_meld(data, "train")]
    first = folder / "dia0_utt0.mp4"
    assert media[0][:3] == (Media(first, first), Media(), Media(folder / "dia0_utt2.mp4", folder / "dia0_utt2.mp4"))
    assert [(i, j) for i, turns in enumerate(media) for j, one in enumerate(turns) if one.there] == [
        (0, 0),
        (0, 2),
        (1, 6),
    ]


@pytest.mark.parametrize(
    ("split", "name"),
    [
        ("dev", "dev_splits_complete"),
        ("dev", "dev_splits"),
        ("test", "output_repeated_splits_test"),
        ("test", "test_splits"),
    ],
)
def test_the_folders_of_every_release_are_known(data: Path, split: str, name: str) -> None:
    shutil.copy(data / "meld" / "dev_sent_emo.csv", data / "meld" / "test_sent_emo.csv")
    write_meld_clips(data / "meld" / name, [(0,)])
    assert read_meld_media(data, split)[0][0].video == data / "meld" / name / "dia0_utt0.mp4"


def test_a_wav_beside_the_clip_is_the_sound(data: Path) -> None:
    folder = data / "meld" / "dev_splits_complete"
    write_meld_clips(folder, [(0,)])
    write_tone(folder / "dia0_utt0.wav", 1)
    write_tone(folder / "dia0_utt1.wav", 1)
    media = read_meld_media(data, "dev")[0]
    assert media[0] == Media(folder / "dia0_utt0.wav", folder / "dia0_utt0.mp4")
    assert media[1] == Media(folder / "dia0_utt1.wav")


@pytest.mark.parametrize(("split", "name"), [("train", "dia125_utt3"), ("dev", "dia110_utt7")])
def test_the_official_clips_that_no_decoder_opens_are_left_out(tmp_path: Path, split: str, name: str) -> None:
    dialogue, utterance = name.removeprefix("dia").split("_utt")
    path = tmp_path / f"{split}_sent_emo.csv"
    path.write_text(f"Dialogue_ID,Utterance_ID\n{dialogue},{utterance}\n{dialogue},99\n")
    for clip in (name, f"dia{dialogue}_utt99"):
        write_film(tmp_path / f"{split}_splits" / f"{clip}.mp4")
    assert [one.there for one in read_meld_media_csv(path, split)[0]] == [False, True]


def test_no_media_at_all_says_what_belongs_where(data: Path) -> None:
    with pytest.raises(MissingCorpus, match=r"meld/train_splits holds no diaX_uttY.mp4 .*unpack MELD.Raw.tar.gz"):
        read_meld_media(data, "train")


def test_a_clip_can_be_heard_and_seen(data: Path) -> None:
    write_meld_clips(data / "meld" / "train_splits", [(0,)])
    clip = read_meld_media(data, "train")[0][0]
    assert clip.sound is not None
    assert clip.video is not None
    assert abs(len(read_pcm(clip.sound)) / 16_000 - 0.8) < 0.15
    assert np.diff(read_frames(clip.video, 4, 32).mean(axis=(1, 2, 3))).min() > 20


@pytest.mark.skipif(
    not (data_root() / "meld").exists(), reason=f"no corpora under {os.environ.get('UNDERTONE_DATA', '../shared/data')}"
)
def test_the_real_one_has_its_published_size() -> None:
    train, dev = read_meld(data_root(), "train"), read_meld(data_root(), "dev")
    assert (sum(len(d.turns) for d in train), len(train)) == (9_989, 1_038)
    assert (sum(len(d.turns) for d in dev), len(dev)) == (1_109, 114)
