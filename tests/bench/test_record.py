"""A record keeps what a reader needs to judge it, and is shown and drawn from that alone."""

from pathlib import Path

import pytest
from rich.console import Console

from bench.errors import CannotMeasure
from bench.figure import Curve, Figure, Point
from bench.plot import check_kind, draw
from bench.record import Record
from bench.table import show


@pytest.fixture
def record() -> Record:
    curve = [Point(at=at, figure=Figure.of([at, 2.0 * at])) for at in (1, 1_000)]
    return Record.of(
        "undertone bench something",
        {"bundle": "tiny", "turns": [1, 1_000]},
        {
            "text: paper": Figure.over([[80.0, 90.0], [85.0, 95.0]]),
            "text: ours": Figure.of([8.0]),
            "memory": Figure.of([321.0], "MiB"),
        },
        [Curve(name="fusion", over="turn", points=curve), Curve(name="words", over="turn", points=curve[:1])],
        notes=["The weights are random."],
        seed=5,
        repetitions=2,
    )


def test_a_record_says_where_and_with_what_it_was_made(record: Record) -> None:
    assert record.commit
    assert record.machine.cores > 0
    assert record.machine.memory_gb > 0
    assert {"undertone", "torch", "numpy"} <= set(record.versions)
    assert record.date.tzinfo is not None


def test_what_is_read_is_what_was_written(record: Record, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "record.json"
    record.write(path)
    assert Record.read(path) == record


def test_the_table_shows_every_figure_curve_and_note(record: Record) -> None:
    console = Console(record=True, width=160)
    show(record, console)
    text = console.export_text()
    for part in ("text: paper", "87.5 ± 3.54 (2)", "321", "MiB", "turn", "1,000", "1,500 (1,950)", "fusion", "words"):
        assert part in text, part
    assert "The weights are random." in text
    assert f"commit {record.commit}" in text


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
def test_a_picture_is_drawn_in_the_format_of_its_name(
    record: Record, tmp_path: Path, suffix: str, start: bytes
) -> None:
    path = tmp_path / "pictures" / f"record{suffix}"
    draw(record, path)
    assert path.read_bytes().startswith(start)


def test_another_format_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match=r"end its name with \.png or \.svg"):
        check_kind(tmp_path / "record.gif")
