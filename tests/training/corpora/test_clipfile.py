"""A user's own clips as a csv."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tiny_corpora import write_tone
from tests.tiny_media import write_clip_file, write_film
from training.corpora import MissingCorpus
from training.corpora.clipfile import ClipRow, read_clip_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tone(tmp_path / "a" / "one.wav", 1)
    write_film(tmp_path / "two.mp4")
    cv2.imwrite(str(tmp_path / "three.PNG"), np.zeros((48, 48), dtype=np.uint8))
    return tmp_path


def test_clips_are_read_in_order_with_their_kind(folder: Path) -> None:
    path = write_clip_file(folder / "clips.csv", ["two.mp4,joy,Ann", "a/one.wav,anger,Bob", "three.PNG,neutral,Ann"])
    assert read_clip_file(path) == [
        ClipRow(folder / "two.mp4", 1, "Ann", "video"),
        ClipRow(folder / "a" / "one.wav", 3, "Bob", "sound"),
        ClipRow(folder / "three.PNG", 0, "Ann", "picture"),
    ]


def test_an_mp4_that_holds_only_sound_is_sound(folder: Path) -> None:
    import av

    with av.open(str(folder / "voice.mp4"), "w") as file, av.open(str(folder / "a" / "one.wav")) as source:
        stream = file.add_stream("aac", rate=16_000, layout="mono")
        for frame in source.decode(audio=0):
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    path = write_clip_file(folder / "clips.csv", ["voice.mp4,joy,Ann"])
    assert read_clip_file(path)[0].kind == "sound"


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["two.mp4,joy,Ann", "a/one.wav,happy,Bob"], "line 3: 'happy' is no label here; use one of neutral, joy, surp"),
        (["none.wav,joy,Ann"], "line 2: .*none.wav is missing; paths are relative to the csv"),
        (["notes.txt,joy,Ann"], "line 2: notes.txt is of a kind that is not read; convert it to one of .aac, .avi"),
        (["nothing.wav,joy,Ann"], "line 2: .*nothing.wav is empty; put the clip there"),
        (["torn.mp4,joy,Ann"], "line 2: .*torn.mp4 can't be opened"),
        (["two.mp4,joy"], "line 2: path, label and speaker must all be given"),
        (['two.mp4,joy,"Ann\nB."', "two.mp4,glad,Ann"], "line 4: 'glad'"),
        ([], "names no clips"),
    ],
)
def test_what_is_wrong_is_said_with_csv_and_line(folder: Path, lines: list[str], sentence: str) -> None:
    (folder / "notes.txt").write_text("words")
    (folder / "nothing.wav").touch()
    (folder / "torn.mp4").write_bytes((folder / "two.mp4").read_bytes()[:200])
    path = write_clip_file(folder / "clips.csv", lines)
    with pytest.raises(MissingCorpus, match=f"clips.csv.*{sentence}"):
        read_clip_file(path)


def test_a_csv_that_is_missing_or_lacks_a_column_or_is_no_csv_is_said_plainly(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    with pytest.raises(MissingCorpus, match=r"clips.csv is missing: a csv with the columns path, label, speaker"):
        read_clip_file(path)
    path.write_text("path,speaker\na.wav,Ann\n")
    with pytest.raises(MissingCorpus, match=r"clips.csv has no column label: it needs path, label, speaker"):
        read_clip_file(path)
    path.write_bytes(b"path,label,speaker\n\xff\xfe.wav,joy,Ann\n")
    with pytest.raises(MissingCorpus, match=r"clips.csv can't be read as a csv .* in UTF-8"):
        read_clip_file(path)
