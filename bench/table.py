"""A record as tables in the terminal."""

from collections.abc import Iterable
from itertools import groupby

from rich.console import Console
from rich.table import Table

from bench.figure import Curve, Figure
from bench.record import Record


def show(record: Record, console: Console) -> None:
    """Figures, then a table for each axis, then notes and where it was measured."""
    if record.figures:
        console.print(_figures(record))
    for curves in by_axis(record.curves):
        console.print(_curves(curves))
    for note in record.notes:
        console.print(f"[dim]{note}[/]", highlight=False)
    console.print(f"[dim]{record.machine}; commit {record.commit}[/]", highlight=False)


def by_axis(curves: Iterable[Curve]) -> list[list[Curve]]:
    """Curves that share axis and unit, together, in the order in which the first of each came."""
    order: dict[tuple[str, str], int] = {}
    curves = list(curves)
    for curve in curves:
        order.setdefault((curve.over, curve.unit), len(order))
    ordered = sorted(curves, key=lambda curve: order[curve.over, curve.unit])
    return [list(group) for _, group in groupby(ordered, key=lambda curve: (curve.over, curve.unit))]


def distributions(curves: Iterable[Curve]) -> bool:
    """Whether any point of these is more than a single number."""
    return any(point.figure.n > 1 for curve in curves for point in curve.points)


def number(value: float) -> str:
    """Three significant digits, or all before the point."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _figures(record: Record) -> Table:
    table = Table("what", "unit", "n", "p50", "p95", "p99", title=record.command)
    for column in table.columns[2:]:
        column.justify = "right"
    spread = any(figure.spread for figure in record.figures.values())
    if spread:
        table.add_column("medians", justify="right")
    for name, figure in record.figures.items():
        table.add_row(name, figure.unit, *_cells(figure), *([_spread(figure)] if spread else []))
    return table


def _cells(figure: Figure) -> list[str]:
    if figure.n == 1:
        return ["1", number(figure.p50), "", ""]
    return [str(figure.n), number(figure.p50), number(figure.p95), number(figure.p99)]


def _spread(figure: Figure) -> str:
    if figure.spread is None:
        return ""
    return f"{number(figure.spread.mean)} ± {number(figure.spread.std)} ({figure.spread.repetitions})"


def _curves(curves: list[Curve]) -> Table:
    unit = curves[0].unit
    table = Table(curves[0].over, title=f"{unit}, p50 (p95)" if distributions(curves) else unit)
    table.columns[0].justify = "right"
    for curve in curves:
        table.add_column(curve.name, justify="right")
    found = [{point.at: point.figure for point in curve.points} for curve in curves]
    for at in sorted({at for points in found for at in points}):
        table.add_row(f"{at:,g}", *(_cell(points.get(at)) for points in found))
    return table


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    return number(figure.p50) + (f" ({number(figure.p95)})" if figure.n > 1 else "")
