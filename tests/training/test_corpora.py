"""The corpora in their official layouts."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.labels import EMOTIONS
from tests.tiny_corpora import write_corpora, write_faces
from training.clips import load_features, read_pcm, trim
from training.corpora import MissingCorpus, data_root
from training.corpora.faces import read_faces, split_faces
from training.corpora.meld import read_meld
from training.corpora.voices import read_voices


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("data"))


def test_meld_numbers_speakers_by_first_appearance(data: Path) -> None:
    dialogues = read_meld(data, "train")
    assert len(dialogues) == 6
    assert [turn.speaker for turn in dialogues[0].turns] == [1, 2, 3, 1, 2, 3, 1]
    assert dialogues[1].turns[0].text == "great, great!"
    assert dialogues[1].labels == (1, 2, 3, 4, 5, 6, 0)


def test_voices_take_label_and_speaker_from_the_name(data: Path) -> None:
    clips = {str(clip.path.relative_to(data)): clip for clip in read_voices(data)}
    calm = clips["ravdess/Actor_17/03-01-02-01-01-01-17.wav"]
    assert (calm.speaker, EMOTIONS[calm.label], calm.share) == ("ravdess-17", "neutral", "dev")
    pleasant = clips["tess/YAF_back_ps.wav"]
    assert (pleasant.corpus, EMOTIONS[pleasant.label], pleasant.share) == ("tess", "surprise", "fusion")
    polish = clips["nemo/KD0_happiness_1.wav"]
    assert (polish.speaker, EMOTIONS[polish.label], polish.share) == ("nemo-KD0", "joy", "student")


def test_faces_without_a_clear_emotion_are_left_out(tmp_path: Path) -> None:
    write_faces(tmp_path / "fer2013", "dev", 7)
    path = tmp_path / "fer2013" / "dev.npz"
    kept = dict(np.load(path))
    kept["votes"][0] = [0, 0, 0, 0, 0, 0, 0, 0, 10, 0]  # unknown
    kept["votes"][1] = [5, 5, 0, 0, 0, 0, 0, 0, 0, 0]  # a draw
    kept["votes"][2] = [0, 0, 4, 0, 0, 0, 0, 6, 0, 0]  # mostly contempt
    kept["votes"][3] = [1, 0, 0, 8, 0, 0, 0, 1, 0, 0]
    np.savez(path, **kept)
    faces = read_faces(tmp_path, "dev")
    assert len(faces.images) == 4
    assert faces.votes[0].tolist() == pytest.approx([1 / 9, 0, 0, 8 / 9, 0, 0, 0])
    assert torch.allclose(faces.votes.sum(dim=1), torch.ones(4))


def test_faces_kept_for_the_fusion_are_not_the_students(data: Path) -> None:
    faces = read_faces(data, "train")
    numbered = type(faces)(np.arange(len(faces.images), dtype=np.uint8).reshape(-1, 1, 1), faces.votes)
    student, fusion = split_faces(numbered, 20, seed=1)
    assert len(fusion.images) == 20
    assert sorted([*student.images.ravel(), *fusion.images.ravel()]) == list(range(len(faces.images)))


def test_features_are_decoded_once_and_then_read_from_the_cache(data: Path, tmp_path: Path) -> None:
    clips = read_voices(data)
    first = load_features(clips, tmp_path / "voices.npz")
    gone = [type(clip)(Path("gone") / clip.path.name, clip.speaker, clip.label) for clip in clips]
    again = load_features(gone, tmp_path / "voices.npz")
    assert len(first[0]) == 51
    assert all(torch.equal(first[i], again[i]) for i in range(len(clips)))


def test_silence_around_speech_is_cut_but_for_a_margin(data: Path) -> None:
    speech = read_pcm(next(clip.path for clip in read_voices(data)))
    quiet = np.zeros(16_000, dtype=np.float32)
    cut = trim(np.concatenate([quiet, speech, quiet]))
    assert len(speech) <= len(cut) <= len(speech) + 16_000 * 0.44


@pytest.mark.parametrize(
    ("corpus", "read"), [("ravdess", read_voices), ("fer2013", lambda root: read_faces(root, "dev"))]
)
def test_a_missing_corpus_says_what_belongs_where(tmp_path: Path, corpus: str, read: object) -> None:
    with pytest.raises(MissingCorpus, match=rf"{corpus}.* is missing: .*UNDERTONE_DATA"):
        read(tmp_path)  # type: ignore[operator]


def test_the_data_folder_is_given_or_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERTONE_DATA", "/from/environment")
    assert data_root() == Path("/from/environment")
    assert data_root(Path("/given")) == Path("/given")


@pytest.mark.skipif(
    not (data_root() / "meld").exists(), reason=f"no corpora under {os.environ.get('UNDERTONE_DATA', '../shared/data')}"
)
def test_the_real_meld_has_its_published_size() -> None:
    train, dev = read_meld(data_root(), "train"), read_meld(data_root(), "dev")
    assert (sum(len(d.turns) for d in train), len(train)) == (9_989, 1_038)
    assert (sum(len(d.turns) for d in dev), len(dev)) == (1_109, 114)
