"""FER2013 with FER+: as npz, and as the two official csv files."""

from pathlib import Path

import numpy as np
import pytest

from engine.labels import EMOTIONS
from tests.tiny_corpora import write_faces
from tests.tiny_media import write_fer2013
from training.corpora import MissingCorpus
from training.corpora.faces import VOTES, read_faces, read_faces_csv, with_emotion


def cast(folder: Path, *votes: list[int]) -> Path:
    """dev.npz whose first faces have these votes, for neutral, joy and so on, contempt, unknown, not a face."""
    write_faces(folder / "fer2013", "dev", 7)
    path = folder / "fer2013" / "dev.npz"
    kept = dict(np.load(path))
    kept["votes"][: len(votes)] = votes
    np.savez(path, **kept)
    return folder


def test_faces_without_a_clear_emotion_are_left_out(tmp_path: Path) -> None:
    unknown, draw, contempt = [0] * 8 + [10, 0], [5, 5] + [0] * 8, [0, 0, 4, 0, 0, 0, 0, 6, 0, 0]
    faces = read_faces(cast(tmp_path, unknown, draw, contempt), "dev")
    assert faces.majority[:3].tolist() == [-1, -1, VOTES.index("contempt")]
    assert with_emotion(faces).majority.tolist() == [3, 4, 5, 6]


def test_a_single_vote_is_taken_for_a_slip(tmp_path: Path) -> None:
    faces = read_faces(cast(tmp_path, [1, 0, 2, 6, 0, 0, 0, 1, 0, 0]), "dev")
    assert faces.shares[0].tolist() == pytest.approx([0, 0, 0.25, 0.75, 0, 0, 0, 0])
    assert faces.majority[0] == EMOTIONS.index("anger")


def test_the_official_csv_files_are_read_row_for_row(tmp_path: Path) -> None:
    votes = [{"anger": 10}, {"disgust": 8, "contempt": 2}, {"fear": 6, "surprise": 4}, {"NF": 10}, {"unknown": 3}]
    faces = read_faces_csv(*write_fer2013(tmp_path, votes), "Training")
    assert faces.images.shape == (5, 48, 48)
    assert faces.images[2, 0, :3].tolist() == [2, 3, 4]
    assert faces.images[2, 1, 0] == 50
    assert [EMOTIONS[label] for label in faces.original] == ["anger", "disgust", "fear", "joy", "sadness"]
    assert faces.majority.tolist() == [EMOTIONS.index(name) for name in ("anger", "disgust", "fear")] + [-1, -1]
    assert faces.votes[1].tolist() == [0, 0, 0, 0, 0, 0, 8, 2, 0, 0]
    assert faces.votes[3].tolist() == [0] * 9 + [10]


def test_only_the_rows_of_one_usage_are_taken(tmp_path: Path) -> None:
    pictures, counted = write_fer2013(tmp_path, [{"fear": 10}, {"anger": 10}, {"neutral": 10}])
    for path, old, new in ((pictures, ",Training\n", ",PublicTest\n"), (counted, "Training,", "PublicTest,")):
        head, first, *rest = path.read_text().splitlines(keepends=True)
        path.write_text("".join([head, first.replace(old, new), *rest]))
    assert read_faces_csv(pictures, counted, "PublicTest").majority.tolist() == [EMOTIONS.index("fear")]
    assert len(read_faces_csv(pictures, counted, "Training").images) == 2
    with pytest.raises(MissingCorpus, match="has no row with Usage PrivateTest"):
        read_faces_csv(pictures, counted, "PrivateTest")


def test_votes_of_other_pictures_are_refused(tmp_path: Path) -> None:
    pictures, _ = write_fer2013(tmp_path / "a", [{"fear": 10}, {"anger": 10}])
    _, counted = write_fer2013(tmp_path / "b", [{"fear": 10}])
    with pytest.raises(MissingCorpus, match=r"fer2013new.csv is not of .*row by row"):
        read_faces_csv(pictures, counted, "Training")


def test_a_cut_off_picture_says_where(tmp_path: Path) -> None:
    pictures, counted = write_fer2013(tmp_path, [{"fear": 10}])
    pictures.write_text("emotion,pixels,Usage\n0,1 2 3,Training\n")
    with pytest.raises(MissingCorpus, match=r"fer2013.csv, picture 1: 3 pixels, not 48 x 48"):
        read_faces_csv(pictures, counted, "Training")


def test_a_missing_official_file_says_what_it_is(tmp_path: Path) -> None:
    pictures, counted = write_fer2013(tmp_path, [{"fear": 10}])
    counted.unlink()
    with pytest.raises(MissingCorpus, match=r"fer2013new.csv is missing: the csv of FER\+"):
        read_faces_csv(pictures, counted, "Training")
