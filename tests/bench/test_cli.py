"""`undertone bench` as a user meets it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import bench.engine
from bench.cli import bench as verbs
from bench.engine import Plan
from bench.record import Record


def _undertone(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streamer.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


def test_bench_alone_lists_its_verbs() -> None:
    done = _undertone("bench")
    for verb in ("reference", "engine", "latency", "load", "replay"):
        assert re.search(rf"│ {verb} ", done.stdout), verb


def test_a_run_prints_its_table_and_writes_figures_and_picture(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.engine, "MODEST", Plan((1, 2), (1,), (2,), (2,), seconds=0.5, calls=2, steps=2))
    output, picture = tmp_path / "runs" / "engine.json", tmp_path / "engine.svg"
    arguments = ["engine", "--threads", "1", "--bundle", str(tiny_bundle), "-o", str(output), "--plot", str(picture)]
    done = CliRunner().invoke(verbs, arguments)
    assert done.exit_code == 0, done.output
    assert "dialogues at once" in done.output
    assert Record.read(output).command == "undertone bench engine"
    assert picture.is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["engine", "--plot", "picture.gif"], "end its name with .png or .svg"),
        (["engine", "--device", "abacus"], "give auto, cpu or cuda"),
        (["engine", "--bundle", "nowhere-to-be-found"], "no bundle 'nowhere-to-be-found'"),
        (["reference", "--turns", "10,many"], "give whole numbers above 0"),
        (["reference", "--text-size", "huge"], "give base or large"),
    ],
)
def test_what_can_not_be_measured_is_said_in_one_sentence(arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(verbs, arguments)
    assert done.exit_code == 1
    assert told in done.output
    assert "Traceback" not in done.output
