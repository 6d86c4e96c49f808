"""The borders between the parts, read from the source."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMAND_LINE = ROOT / "streamer" / "cli.py"
OUTSIDE = {"aiortc", "av", "fastapi", "mediapipe", "rich", "starlette", "typer", "uvicorn", "websockets"}
OFFLINE = """
import socket
def refuse(*args, **kwargs): raise AssertionError("it opens a socket at import")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import {module}
"""


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    """The top-level names that a tree imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def imported_by(package: str) -> dict[Path, set[str]]:
    return {path: set(imports(ast.parse(path.read_text(encoding="utf-8")))) for path in sources(package)}


@pytest.mark.parametrize(
    ("package", "others"),
    [
        ("engine", {"streamer", "training", "bench"}),
        ("training", {"streamer", "bench"}),
        ("streamer", {"training", "bench"}),
        ("bench", {"training"}),
    ],
)
def test_no_part_imports_what_lies_above_or_beside_it(package: str, others: set[str]) -> None:
    found = imported_by(package)
    assert found
    assert {path: bad for path, names in found.items() if path != COMMAND_LINE and (bad := names & others)} == {}


@pytest.mark.parametrize("package", ["training", "bench"])
def test_the_command_line_imports_what_lies_above_only_when_a_verb_is_used(package: str) -> None:
    tree = ast.parse(COMMAND_LINE.read_text(encoding="utf-8"))
    lazily = {name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for name in imports(node)}
    assert package in lazily
    at_once = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert package not in {name for node in at_once for name in imports(node)}


def test_the_engine_knows_nothing_of_sockets_media_files_and_terminals() -> None:
    assert {path: bad for path, names in imported_by("engine").items() if (bad := names & OUTSIDE)} == {}


@pytest.mark.parametrize("package", ["engine", "streamer", "training", "bench"])
def test_nothing_unpickles(package: str) -> None:
    picklers = {"pickle", "dill", "joblib", "cloudpickle", "shelve"}
    assert {path: bad for path, names in imported_by(package).items() if (bad := names & picklers)} == {}


@pytest.mark.parametrize("module", ["engine", "streamer.cli, streamer.server, streamer.recognise, streamer.faces"])
def test_nothing_is_fetched_at_import(module: str) -> None:
    command = [sys.executable, "-c", OFFLINE.format(module=module)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_tracked_file_is_large() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert [path for path in files if path.is_file() and path.stat().st_size > 40_000_000] == []
