"""IEMOCAP: as csv, and in the official folders."""

from pathlib import Path

import pytest

from tests.tiny_media import write_iemocap_dialogue
from training.clips import read_pcm
from training.corpora import MissingCorpus, data_root
from training.corpora.iemocap import LABELS, read_iemocap, read_iemocap_csv, read_iemocap_recordings
from training.corpora.media import Media
from training.frames import read_frames

SAID = [
    ("F000", 0.2, 0.9, "Excuse me.", "neu"),
    ("M000", 1.4, 2.0, "Do you have your forms?", "fru"),
    ("F001", 0.8, 1.3, "Yeah.", "xxx"),
    ("F002", 1.2, 1.9, "Is there a problem?", "ang"),
]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    for number in range(1, 6):
        session = tmp_path / "IEMOCAP_full_release" / f"Session{number}"
        write_iemocap_dialogue(session, f"Ses0{number}F_script01_1", SAID)
    write_iemocap_dialogue(tmp_path / "IEMOCAP_full_release" / "Session1", "Ses01M_impro01", SAID[:2], media=False)
    return tmp_path


def test_a_csv_names_dialogue_and_speaker_in_one_column(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rows = ["Next.,Ses01M_impro01_F000,ang", "Yes.,Ses01M_impro01_M000,fru", "Well.,Ses01M_impro02_M000,exc"]
    path.write_text("Utterance,Speaker,Emotion\n" + "\n".join(rows) + "\n")
    first, second = read_iemocap_csv(path)
    assert (first.name, [turn.speaker for turn in first.turns]) == ("iemocap-Ses01M_impro01", [1, 2])
    assert [LABELS[label] for label in (*first.labels, *second.labels)] == ["ang", "fru", "exc"]


def test_turns_are_in_order_of_time_and_those_without_one_of_six_labels_are_left_out(release: Path) -> None:
    dialogue = read_iemocap_recordings(release, "test")[0].dialogue
    assert dialogue.name == "iemocap-Ses05F_script01_1"
    assert [turn.text for turn in dialogue.turns] == ["Excuse me.", "Is there a problem?", "Do you have your forms?"]
    assert [turn.speaker for turn in dialogue.turns] == [1, 1, 2]
    assert [LABELS[label] for label in dialogue.labels] == ["neu", "ang", "fru"]


def test_session_five_is_test_and_dev_is_the_csvs(release: Path) -> None:
    names = {
        split: [one.dialogue.name.removeprefix("iemocap-") for one in read_iemocap_recordings(release, split)]
        for split in ("train", "dev", "test")
    }
    assert names == {
        "train": [f"Ses0{number}F_script01_1" for number in (1, 2, 3, 4)],
        "dev": ["Ses01M_impro01"],
        "test": ["Ses05F_script01_1"],
    }


def test_each_turn_has_its_wav_and_its_span_of_the_avi(release: Path) -> None:
    media = read_iemocap_recordings(release, "test")[0].media
    session = release / "IEMOCAP_full_release" / "Session5"
    wav = session / "sentences" / "wav" / "Ses05F_script01_1" / "Ses05F_script01_1_F002.wav"
    avi = session / "dialog" / "avi" / "DivX" / "Ses05F_script01_1.avi"
    assert media[1] == Media(wav, avi, (1.2, 1.9))
    assert len(read_pcm(wav)) == 8_000
    # The film goes from black at 0 s to white at 3 s.
    brightness = read_frames(avi, 2, 16, media[1].span).mean(axis=(1, 2, 3)) / 255
    assert brightness.tolist() == pytest.approx([1.375 / 3, 1.725 / 3], abs=0.05)


def test_transcripts_without_media_are_read_all_the_same(release: Path) -> None:
    recording = read_iemocap_recordings(release, "dev")[0]
    assert len(recording.dialogue.turns) == len(recording.media) == 2
    assert not any(one.there for one in recording.media)


def test_a_dialogue_without_its_labels_says_which_file_belongs_there(release: Path) -> None:
    labels = release / "IEMOCAP_full_release" / "Session2" / "dialog" / "EmoEvaluation" / "Ses02F_script01_1.txt"
    labels.unlink()
    with pytest.raises(MissingCorpus, match=r"EmoEvaluation/Ses02F_script01_1.txt is missing"):
        read_iemocap_recordings(release, "train")


def test_a_session_without_transcripts_says_so(release: Path) -> None:
    for path in (release / "IEMOCAP_full_release" / "Session5" / "dialog" / "transcriptions").iterdir():
        path.unlink()
    with pytest.raises(MissingCorpus, match=r"Session5/dialog/transcriptions holds no Ses\*.txt"):
        read_iemocap_recordings(release, "test")


@pytest.mark.skipif(not (data_root() / "iemocap_text").exists(), reason="no corpora here")
def test_the_real_csv_has_its_published_size_and_dev_is_as_in_the_official_folders() -> None:
    from training.corpora.iemocap import _DEV

    train, dev = read_iemocap(data_root(), "train"), read_iemocap(data_root(), "dev")
    assert (sum(len(d.turns) for d in train), len(train)) == (5_163, 108)
    assert (sum(len(d.turns) for d in dev), len(dev)) == (647, 12)
    assert {d.name.removeprefix("iemocap-") for d in dev} == set(_DEV)
