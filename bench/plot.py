"""A record as a picture: its figures as bars, its curves as lines."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.errors import CannotMeasure
from bench.figure import Curve, Figure
from bench.record import Record
from bench.table import by_axis, distributions, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK: Final = "#1c2430"
_FAINT: Final = "#6b7480"
_COLOURS: Final = ("#1d5a92", "#c8553d", "#4c8c5e", "#8a5aa8", "#b58a1b", "#4fa3b5", "#6b7480")


def check_kind(path: Path) -> None:
    """Raises CannotMeasure if a picture of this name can't be drawn: before minutes of measuring, not after."""
    if path.suffix.lower() not in (".png", ".svg"):
        raise CannotMeasure(f"{path} is no picture that can be drawn: end its name with .png or .svg")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise CannotMeasure("--plot needs matplotlib: run `pip install 'undertone[bench]'`") from error


def draw(record: Record, path: Path) -> None:
    """One panel for the figures of each unit, one for the curves of each axis. Raises CannotMeasure as `check_kind`."""
    check_kind(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Picture

    parts = {name for names in record.stacks.values() for name in names}
    alone = {name: figure for name, figure in record.figures.items() if name not in parts}
    units = list(dict.fromkeys(figure.unit for figure in alone.values()))
    bars = [{name: one for name, one in alone.items() if one.unit == unit} for unit in units]
    lines = by_axis(record.curves)
    heights = [0.9 + 0.34 * len(panel) for panel in bars] + [3.2 for _ in lines]
    heights = ([1.6 + 0.9 * len(record.stacks)] if record.stacks else []) + heights
    picture = Picture(figsize=(8.6, 0.8 + sum(heights)), dpi=160, facecolor="white", layout="constrained")
    FigureCanvasAgg(picture)
    grid = list(picture.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0])
    if record.stacks:
        _stacks(grid.pop(0), record)
    for axes, panel in zip(grid, bars, strict=False):
        _bars(axes, panel)
    for axes, curves in zip(grid[len(bars) :], lines, strict=True):
        _lines(axes, curves)
    picture.suptitle(record.command, x=0.01, ha="left", color=_INK, fontsize=13, fontweight="bold")
    machine = record.machine
    told = f"{machine.cpu}, {machine.cores} cores, GPU: {machine.gpu or 'none'}; commit {record.commit}"
    picture.supxlabel(told, x=0.01, ha="left", color=_FAINT, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path)


def _stacks(axes: "Axes", record: Record) -> None:
    """A bar for each percentile of each stack, its parts end to end; a percentile of each part alone."""
    parts = list(dict.fromkeys(name for names in record.stacks.values() for name in names))
    kinds = list(dict.fromkeys(_kind(name) for name in parts))
    colours = dict(zip(kinds, _COLOURS * len(kinds), strict=False))
    told: set[str] = set()
    for stack, names in record.stacks.items():
        for percentile in ("p50", "p95", "p99"):
            left = 0.0
            for name in (name for name in names if name in record.figures):
                width, kind = getattr(record.figures[name], percentile), _kind(name)
                label = None if kind in told else kind
                axes.barh(f"{stack}: {percentile}", width, left=left, color=colours[kind], height=0.62, label=label)
                left += width
                told.add(kind)
    axes.invert_yaxis()
    axes.legend(frameon=False, fontsize=8, ncols=len(kinds), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    _plain(axes)
    axes.set_xlabel(f"{record.figures[parts[0]].unit}, each percentile of each part alone", color=_FAINT)


def _kind(name: str) -> str:
    """What a part is, whichever stack it is of: "final: fuse, alone" is "fuse"."""
    return name.rpartition(": ")[2].partition(",")[0]


def _bars(axes: "Axes", figures: dict[str, Figure]) -> None:
    """The median as a bar, a line from it to p95; what follows a colon gives the colour where several bars share it."""
    names = list(figures)
    medians = [figure.p50 for figure in figures.values()]
    beyond = [figure.p95 - figure.p50 for figure in figures.values()]
    tails = [name.rpartition(": ")[2] for name in names]
    kinds = list(dict.fromkeys(tails)) if len(set(tails)) < len(tails) else []
    colours = [_COLOURS[kinds.index(tail) % len(_COLOURS)] if kinds else _COLOURS[0] for tail in tails]
    axes.barh(names, medians, xerr=[[0.0] * len(beyond), beyond], color=colours, ecolor=_FAINT, height=0.62)
    if _wide(medians):
        axes.set_xscale("log")
    for row, figure in enumerate(figures.values()):
        axes.annotate(
            number(figure.p50), (figure.p95, row), (5, 0), textcoords="offset points", va="center", fontsize=8
        )
    axes.invert_yaxis()
    axes.margins(x=0.12)
    _plain(axes)
    unit = next(iter(figures.values())).unit
    axes.set_xlabel(f"{unit}: p50, line to p95" if any(beyond) else unit, color=_FAINT)


def _lines(axes: "Axes", curves: list[Curve]) -> None:
    """The median as a line, p95 dashed."""
    for curve, colour in zip(curves, _COLOURS * len(curves), strict=False):
        places = [point.at for point in curve.points]
        axes.plot(places, [point.figure.p50 for point in curve.points], "o-", color=colour, label=curve.name, ms=4)
        if distributions([curve]):
            axes.plot(places, [point.figure.p95 for point in curve.points], "--", color=colour, lw=0.9)
    if _wide([point.at for curve in curves for point in curve.points]):
        axes.set_xscale("log")
    if _wide([point.figure.p50 for curve in curves for point in curve.points]):
        axes.set_yscale("log")
    else:
        axes.set_ylim(0, 1.08 * max(point.figure.p95 for curve in curves for point in curve.points))
    axes.legend(frameon=False, fontsize=8)
    _plain(axes)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,g}")
    axes.set_xlabel(curves[0].over, color=_FAINT)
    unit = curves[0].unit
    axes.set_ylabel(f"{unit}: p50, dashed p95" if distributions(curves) else unit, color=_FAINT)


def _wide(values: list[float]) -> bool:
    """Whether values of such a range are read better on a logarithmic axis."""
    return min(values) > 0 and max(values) > 20 * min(values)


def _plain(axes: "Axes") -> None:
    if axes.get_xscale() == "log":
        axes.xaxis.set_major_formatter("{x:,g}")
    axes.tick_params(length=0, colors=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6eaef", linewidth=0.8)
    axes.set_axisbelow(True)
