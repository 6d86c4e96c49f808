"""The command line says plainly what is missing."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from training.cli import train


@pytest.mark.parametrize(
    ("verb", "arguments", "sentence"),
    [
        (train, ["text", "--data", "nowhere"], "the official csv of MELD"),
        (train, ["fusion", "--data", "nowhere"], "is missing"),
    ],
    ids=["corpus", "trained stage"],
)
def test_what_is_missing_is_said_in_a_sentence(
    tmp_path: Path, verb: typer.Typer, arguments: list[str], sentence: str
) -> None:
    result = CliRunner().invoke(verb, [*arguments, "--runs", str(tmp_path), "--threads", "1"])
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_every_stage_is_a_command() -> None:
    result = CliRunner().invoke(train, ["--help"])
    assert all(stage in result.output for stage in ("teachers", "text", "audio", "video", "fusion", "export"))
