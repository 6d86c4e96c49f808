"""`undertone eval --corpus diarization`: its figures against hand-computed ones, and what it says when it can't."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tests.mixed import CUES, mixed_conversation, write_wav
from training.evalcli import evaluate
from training.evaluation.diarization.composed import compose
from training.evaluation.diarization.rttm import Spoken, read_rttm, write_rttm
from training.evaluation.diarization.score import Pair, score
from training.evaluation.scores import CannotScore

pytest.importorskip("pyannote.metrics")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, ["--corpus", "diarization", *map(str, arguments), "--threads", "1"])


def at(collar: str, *pairs: Pair) -> dict[str, Any]:
    collars: Any = score({str(number): pair for number, pair in enumerate(pairs)})["collars"]
    found: dict[str, Any] = collars[collar]
    return found


def test_the_error_rates_are_those_computed_by_hand() -> None:
    reference = [Spoken(0, 10, "a"), Spoken(10, 20, "b")]
    hypothesis = [Spoken(0, 12, "x"), Spoken(12, 18, "y"), Spoken(20, 21, "y")]
    rates = at("0", Pair(reference, hypothesis, 30.0))
    assert rates["miss"] == pytest.approx(2 / 20)
    assert rates["false_alarm"] == pytest.approx(1 / 20)
    assert rates["confusion"] == pytest.approx(2 / 20)
    assert rates["der"] == pytest.approx(5 / 20)
    # Jaccard, a: 2 of 12 seconds are wrong; b: 10 to 12, 18 to 20 and 20 to 21 of 10 to 21.
    assert rates["jer"] == pytest.approx((2 / 12 + 5 / 11) / 2)


def test_a_collar_lies_half_on_either_side_of_a_boundary() -> None:
    pair = Pair([Spoken(0, 10, "a")], [Spoken(0, 9.8, "a")], 20.0)
    assert at("0", pair)["miss"] == pytest.approx(0.02)
    assert at("0.25", pair)["miss"] == pytest.approx(0.075 / 9.75)  # 9.8 to 9.875 is outside the collar
    assert at("0.5", pair)["miss"] == 0


def test_overlapping_speech_counts_for_each_that_speaks() -> None:
    both = [Spoken(0, 10, "a"), Spoken(0, 10, "b")]
    assert at("0", Pair(both, [Spoken(0, 10, "a")], 10.0))["miss"] == pytest.approx(0.5)


def test_several_recordings_weigh_by_how_much_is_said() -> None:
    right = Pair([Spoken(0, 9, "a")], [Spoken(0, 9, "x")], 10.0)
    missed = Pair([Spoken(0, 1, "a")], [], 10.0)
    assert at("0", right, missed)["der"] == pytest.approx(0.1)


def test_an_rttm_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    spoken = {"one": [Spoken(0.5, 2.25, "a")], "two": [Spoken(1.0, 3.0, "b"), Spoken(2.0, 4.0, "c")]}
    write_rttm(tmp_path / "x.rttm", spoken)
    assert read_rttm(tmp_path / "x.rttm") == spoken


def test_a_folder_of_recordings_is_diarised_scored_and_written(tmp_path: Path) -> None:
    write_wav(tmp_path / "talk.wav", mixed_conversation())
    write_rttm(tmp_path / "talk.rttm", {"talk": [Spoken(start, end, "ab"[who]) for start, end, who in CUES]})
    result = run("--data", tmp_path, "-o", tmp_path / "out" / "figures.json")
    assert result.exit_code == 0, result.output
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert figures["n"] == 1
    assert figures["speakers"] == {"talk": {"reference": 2, "hypothesis": 2}}
    assert figures["collars"]["0.5"]["der"] < 0.1
    assert {one.speaker for one in read_rttm(tmp_path / "out" / "figures.rttm")["talk"]} == {"speaker-1", "speaker-2"}


def test_two_rttm_files_are_held_against_each_other_whatever_the_recording_is_called(tmp_path: Path) -> None:
    write_rttm(tmp_path / "right.rttm", {"meeting": [Spoken(0, 4, "a")]})
    write_rttm(tmp_path / "found.rttm", {"replay": [Spoken(0, 3, "x")]})
    out = tmp_path / "out.json"
    result = run("--reference", tmp_path / "right.rttm", "--hypothesis", tmp_path / "found.rttm", "-o", out)
    assert result.exit_code == 0, result.output
    assert json.loads(out.read_text())["collars"]["0"]["der"] == pytest.approx(0.25)
    assert "25.0" in result.output


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "no SPEAKER lines"), ("SPEAKER x 1 zero 1.0 <NA> <NA> a <NA> <NA>\n", "line 1"), (None, "there is no file")],
)
def test_a_file_that_is_no_rttm_is_refused_in_one_sentence(tmp_path: Path, content: str | None, says: str) -> None:
    path = tmp_path / "x.rttm"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CannotScore, match=says):
        read_rttm(path)
    result = run("--reference", path, "--hypothesis", path)
    assert result.exit_code == 1
    assert says in result.output


def test_a_reference_without_its_hypothesis_and_a_folder_without_references_are_refused(tmp_path: Path) -> None:
    assert "go together" in run("--reference", tmp_path / "x.rttm").output
    result = run("--data", tmp_path)
    assert result.exit_code == 1
    assert "no *.rttm files" in result.output


def test_composed_dialogues_are_the_same_for_a_seed_and_their_turns_lie_within_them(tiny_data: Path) -> None:
    (name, sound, spoken), (again, same, as_spoken) = next(compose(tiny_data)), next(compose(tiny_data))
    assert (name, spoken) == (again, as_spoken)
    assert np.array_equal(sound, same)
    assert len({one.speaker for one in spoken}) == 2
    assert all(0 <= one.start < one.end <= len(sound) / 16_000 for one in spoken)
    assert run("--split", "test", "--data", tiny_data).exit_code == 1
