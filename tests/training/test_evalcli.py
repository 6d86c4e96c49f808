"""`undertone eval`: what it prints, writes and draws, and what it says when it can't."""

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tests.bundles import write_tiny_text_bundle
from tests.tiny_corpora import write_tone
from training.evalcli import evaluate

KEYS = {"weighted_f1", "macro_f1", "f1", "accuracy", "uar", "ece", "n", "confusion", "labels"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, [*map(str, arguments), "--threads", "1"])


def read(path: Path) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(path.read_text())
    return written


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    rows = [("path", "label", "speaker")]
    for code, label in enumerate(("joy", "anger", "neutral", "joy")):
        write_tone(tmp_path / f"{code}.wav", code)
        rows.append((f"{code}.wav", label, "ann"))
    with (tmp_path / "tones.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path / "tones.csv"


@pytest.mark.parametrize(
    ("corpus", "n"),
    [("meld", 28), ("fer2013", 28), ("ravdess", 16), ("nemo", 12)],
    ids=["meld", "fer", "ravdess", "nemo"],
)
def test_the_figures_are_printed_written_and_drawn(
    tiny_bundle: Path, tiny_data: Path, tmp_path: Path, corpus: str, n: int
) -> None:
    out = tmp_path / "new" / "out.json"
    result = run("--bundle", tiny_bundle, "--corpus", corpus, "--split", "dev", "--data", tiny_data, "-o", out)
    assert result.exit_code == 0, result.output
    scores = read(out)
    assert scores.keys() >= KEYS | {"bundle", "corpus", "split"}
    assert (scores["n"], scores["bundle"], scores["corpus"]) == (n, "tiny", corpus)
    assert all(0.0 <= scores[name] <= 1.0 for name in ("weighted_f1", "macro_f1", "accuracy", "uar", "ece"))
    assert np.sum(scores["confusion"]) == n
    assert f"{scores['weighted_f1']:.4f}" in result.output
    assert "read as" in result.output
    assert cv2.imread(str(out.with_suffix(".png"))) is not None


def test_any_file_in_the_official_layout_is_scored(tiny_bundle: Path, tiny_data: Path, tmp_path: Path) -> None:
    lines = (tiny_data / "meld" / "dev_sent_emo.csv").read_text().splitlines()
    (tmp_path / "test_sent_emo.csv").write_text("\n".join(lines[:15]))
    out, picture = tmp_path / "out.json", tmp_path / "matrix.svg"
    result = run(
        "--bundle", tiny_bundle, "--csv", tmp_path / "test_sent_emo.csv", "-o", out, "--picture", picture, "--plain"
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert (read(out)["n"], read(out)["split"], read(out)["plain"]) == (14, None, True)
    assert picture.exists()
    assert not out.with_suffix(".png").exists()


def test_an_npz_of_faces_is_scored_with_both_labels(tiny_bundle: Path, tiny_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    result = run("--bundle", tiny_bundle, "--corpus", "fer2013", "--npz", tiny_data / "fer2013" / "dev.npz", "-o", out)
    assert result.exit_code == 0, result.output
    scores = read(out)
    assert scores["accuracy"] == scores["ferplus"]["accuracy"]
    assert scores["accuracy_original"] == scores["original"]["accuracy"]


def test_clips_are_scored_among_the_labels_of_the_file_or_all(tiny_bundle: Path, tones: Path) -> None:
    out = tones.with_suffix(".json")
    for choice, count in (("file", 3), ("all", 7)):
        result = run("--bundle", tiny_bundle, "--corpus", "clips", "--csv", tones, "--labels", choice, "-o", out)
        assert result.exit_code == 0, result.output
        assert len(read(out)["labels"]) == count


def test_streaming_gives_the_same_figures(tiny_bundle: Path, tiny_data: Path, tmp_path: Path) -> None:
    common = ("--bundle", tiny_bundle, "--data", tiny_data)
    assert run(*common, "-o", tmp_path / "offline.json").exit_code == 0
    result = run(*common, "--streaming", "-o", tmp_path / "live.json")
    assert result.exit_code == 0, result.output
    live, offline = read(tmp_path / "live.json"), read(tmp_path / "offline.json")
    assert live["max_difference"] < 1e-5
    assert (live["weighted_f1"], live["confusion"]) == (offline["weighted_f1"], offline["confusion"])


def test_several_bundles_give_a_row_each_and_mean_and_spread(tiny_data: Path, tmp_path: Path) -> None:
    labels = ("neutral", "joy", "surprise", "anger", "sadness", "fear", "disgust")
    folders = [write_tiny_text_bundle(tmp_path / f"s{seed}", labels, name=f"s{seed}", seed=seed) for seed in (1, 2, 3)]
    named = [part for folder in folders for part in ("--bundle", folder)]
    result = run(*named, "--data", tiny_data, "-o", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    scores = read(tmp_path / "out.json")
    values = [row["weighted_f1"] for row in scores["bundles"]]
    assert [row["bundle"] for row in scores["bundles"]] == ["s1", "s2", "s3"]
    assert scores["weighted_f1"] == scores["mean"]["weighted_f1"] == pytest.approx(np.mean(values))
    assert scores["spread"]["weighted_f1"] == pytest.approx(np.std(values, ddof=1))
    assert "mean of 3" in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--corpus", "melt"), "no corpus 'melt': choose one of meld"),
        (("--split", "eval"), "no split 'eval'"),
        (("--corpus", "clips"), "needs --csv"),
        (("--corpus", "fer2013", "--csv", "x.csv"), "--csv does not go with --corpus fer2013"),
        (("--npz", "x.npz"), "--npz does not go with --corpus meld"),
        (("--corpus", "ravdess", "--plain"), "--plain does not go with"),
        (("--corpus", "fer2013", "--streaming"), "--streaming does not go with"),
        (("--labels", "all"), "--labels does not go with --corpus meld"),
        (("--labels", "some"), "give file or all"),
        (("--csv", "nowhere.csv"), "nowhere.csv is missing"),
        (("--corpus", "clips", "--csv", "nowhere.csv"), "nowhere.csv is missing"),
        (("--corpus", "fer2013", "--npz", "nowhere.npz"), "nowhere.npz is missing"),
        (("--split", "test"), "test_sent_emo.csv is missing"),
        (("--corpus", "tess"), "has no speakers of the split 'dev'"),
        (("--bundle", "no-such-bundle"), "no bundle 'no-such-bundle'"),
        (("--corpus", "iemocap", "--bundle", "TINY", "--csv", "IEMOCAP"), "need a bundle of their own"),
        (("--corpus", "fer2013", "--bundle", "TEXT"), "is a bundle of text alone"),
        (("--bundle", "TEXT"), "but the labels of MELD are"),
        (("--bundle", "TINY", "--bundle", "TINY", "--picture", "out.gif"), "end its name with .png"),
        (("--csv", "HEADER"), "has no rows"),
        (("--csv", "COLUMNS"), "has no column Utterance"),
        (("--csv", "LABEL"), "'glee' is no label here"),
        (("--csv", "BINARY"), "can't be read"),
        (("--corpus", "fer2013", "--npz", "BINARY"), "can't be read"),
        (("--corpus", "fer2013", "--npz", "HEADER"), "can't be read"),
        (("--csv", "FOLDER"), "can't be read"),
    ],
    ids=str,
)
def test_what_does_not_go_is_said_in_a_sentence(
    tiny_bundle: Path, tiny_data: Path, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    header = "Utterance,Speaker,Emotion,Dialogue_ID"
    files = {
        "HEADER": header,
        "COLUMNS": "text,who\nhello,Ann",
        "LABEL": f"{header}\nhello,Ann,glee,0",
        "IEMOCAP": "Utterance,Speaker,Emotion\nhello,Ses01F_impro01_F000,neu",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "BINARY").write_bytes(b"PK\x03\x04\xff\xfe\x00\x81")
    (tmp_path / "FOLDER").mkdir()
    given = {name: tmp_path / name for name in (*files, "BINARY", "FOLDER")} | {"TINY": tiny_bundle}
    if "TEXT" in arguments:
        given["TEXT"] = write_tiny_text_bundle(tmp_path / "text", ("ang", "exc", "fru", "hap", "neu", "sad"))
    named = () if "--bundle" in arguments else ("--bundle", tiny_bundle)
    result = run(*named, "--data", tiny_data, *(given.get(part, part) for part in arguments))
    assert result.exit_code == 1, result.output
    assert sentence in " ".join(result.stderr.split())
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
