"""What is installed: the metadata, and what a wheel holds."""

import re
import tomllib
import zipfile
from importlib.metadata import entry_points
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

import hatch_build

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "streamer" / "page" / "index.html"


@pytest.fixture(scope="module")
def project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built here, the page being there already."""
    if not PAGE.is_file():
        pytest.skip("the page is not built: `make page`")
    built = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("dist")), versions=["standard"]))
    return set(zipfile.ZipFile(built).namelist())


def test_the_command_undertone_is_installed() -> None:
    (command,) = entry_points(group="console_scripts", name="undertone")
    assert callable(command.load())


def test_what_is_optional_is_an_extra(project: Any) -> None:
    assert {"train", "bench", "sample", "dev"} <= set(project["optional-dependencies"])


def test_every_dependency_has_its_version_in_the_constraints(project: Any) -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {_name(line) for line in lines if line and not line.startswith("#")}
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    assert {_name(line) for line in wanted} - pinned == set()


def test_constraints_name_no_index_and_no_build_of_torch() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "torch==2.13.0\n" in text
    assert not re.search(r"^[^#]*(://|\+cpu|--)", text, re.MULTILINE)


def test_a_wheel_brings_the_page(wheel: set[str]) -> None:
    assert "streamer/page/index.html" in wheel
    assert any(name.startswith("streamer/page/assets/") for name in wheel)


def test_a_wheel_brings_the_sample_and_the_licence(wheel: set[str]) -> None:
    assert {"streamer/samples/conversation.opus", "streamer/samples/conversation.vtt"} <= wheel
    assert any(name.endswith("/LICENSE") for name in wheel)


def test_a_wheel_brings_what_the_report_is_made_of(wheel: set[str]) -> None:
    assert {"streamer/exports/report.html", "streamer/exports/report.css"} <= wheel


def test_a_wheel_brings_the_migrations_of_the_library(wheel: set[str]) -> None:
    assert {"streamer/store/migrations/env.py", "streamer/store/migrations/versions/v1_conversations.py"} <= wheel


def test_a_wheel_brings_the_bundles_that_are_in_the_repository(wheel: set[str]) -> None:
    bundles = {str(path.relative_to(ROOT)) for path in (ROOT / "engine" / "bundles").rglob("*") if path.is_file()}
    assert bundles <= wheel


def test_a_wheel_brings_nothing_that_only_developers_use(wheel: set[str]) -> None:
    packages = {"engine", "streamer", "training", "bench"}
    assert {name.split("/")[0] for name in wheel if ".dist-info" not in name} == packages


def test_without_node_the_build_says_how_to_get_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="make page"):
        hatch_build.build_page(tmp_path)


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~\[; ]", requirement)[0].lower().replace("_", "-")
