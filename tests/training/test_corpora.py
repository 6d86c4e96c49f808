"""Where the corpora lie, and the voice clips."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.labels import EMOTIONS
from tests.tiny_corpora import write_corpora
from training.clips import load_features, read_pcm, trim
from training.corpora import MissingCorpus, data_root
from training.corpora.dailydialog import read_dailydialog
from training.corpora.emorynlp import read_emorynlp
from training.corpora.faces import read_faces
from training.corpora.goemotions import read_goemotions
from training.corpora.iemocap import read_iemocap, read_iemocap_recordings
from training.corpora.meld import read_meld, read_meld_media
from training.corpora.voices import Clip, read_voices


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize(
    ("corpus", "read"),
    [
        ("ravdess", read_voices),
        ("fer2013", lambda root: read_faces(root, "dev")),
        ("meld", lambda root: read_meld(root, "dev")),
        ("meld", lambda root: read_meld_media(root, "dev")),
        ("iemocap_text", lambda root: read_iemocap(root, "dev")),
        ("IEMOCAP_full_release", lambda root: read_iemocap_recordings(root, "dev")),
        ("emorynlp", lambda root: read_emorynlp(root, "dev")),
        ("goemotions", lambda root: read_goemotions(root, "dev")),
        ("dailydialog", lambda root: read_dailydialog(root, "dev")),
    ],
)
def test_a_missing_corpus_says_what_belongs_where(tmp_path: Path, corpus: str, read: Callable[[Path], object]) -> None:
    with pytest.raises(MissingCorpus, match=rf"{corpus}.* is missing: .*UNDERTONE_DATA"):
        read(tmp_path)


def test_the_data_folder_is_given_or_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERTONE_DATA", "/from/environment")
    assert data_root() == Path("/from/environment")
    assert data_root(Path("/given")) == Path("/given")


def test_voices_take_label_and_speaker_from_the_name(data: Path) -> None:
    clips = {str(clip.path.relative_to(data)): clip for clip in read_voices(data)}
    calm = clips["ravdess/Actor_19/03-01-02-01-01-01-19.wav"]
    assert (calm.speaker, EMOTIONS[calm.label]) == ("ravdess-19", "neutral")
    pleasant = clips["tess/YAF_back_ps.wav"]
    assert (pleasant.corpus, EMOTIONS[pleasant.label]) == ("tess", "surprise")
    polish = clips["nemo/KD0_happiness_1.wav"]
    assert (polish.speaker, EMOTIONS[polish.label], polish.share) == ("nemo-KD0", "joy", "student")


def test_a_speaker_has_only_one_share_and_every_share_has_speakers(data: Path) -> None:
    shares = {clip.speaker: clip.share for clip in read_voices(data)}
    assert all(clip.share == shares[clip.speaker] for clip in read_voices(data))
    assert set(shares.values()) == {"student", "fusion", "dev"}


def test_features_are_decoded_once_and_then_read_from_the_cache(data: Path, tmp_path: Path) -> None:
    clips = read_voices(data)
    first = load_features(clips, tmp_path / "voices.npz")
    gone = [Clip(Path("gone") / clip.path.name, clip.speaker, clip.label) for clip in clips]
    again = load_features(gone, tmp_path / "voices.npz")
    assert first[0].shape == (51, 40)
    assert all(torch.equal(first[i], again[i]) for i in range(len(clips)))


def test_silence_around_speech_is_cut_but_for_a_margin(data: Path) -> None:
    speech = read_pcm(next(clip.path for clip in read_voices(data)))
    quiet = np.zeros(16_000, dtype=np.float32)
    cut = trim(np.concatenate([quiet, speech, quiet]))
    assert len(speech) <= len(cut) <= len(speech) + 16_000 * 0.44
