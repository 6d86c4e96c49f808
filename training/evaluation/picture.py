"""Confusion matrices as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from training.evaluation.scores import CannotScore, Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK: Final = "#1c2430"
_FAINT: Final = "#6b7480"
_SHADES: Final = ("#f2f5f8", "#dbe7f3", "#9fc1e0", "#4f8cc0", "#1d5a92", "#0b2f57")
_DARK: Final = 0.5  # from this share on, a cell's text is white


@dataclass(frozen=True, slots=True)
class Panel:
    """One matrix. confusion: counts, a row for each true label; note: one line under the title."""

    title: str
    note: str
    labels: Sequence[str]
    confusion: npt.NDArray[np.int64]

    @classmethod
    def of(cls, title: str, scores: Scores) -> "Panel":
        """From what `figures` gives, with its headline as the note."""
        named = (("weighted F1", "weighted_f1"), ("macro F1", "macro_f1"), ("accuracy", "accuracy"), ("UAR", "uar"))
        told = [f"{name} {100 * value:.1f}" for name, key in named if isinstance(value := scores[key], float)]
        labels = scores["labels"]
        assert isinstance(labels, list)  # noqa: S101 - `figures` made it
        return cls(
            title, f"n = {scores['n']:,}   " + "   ".join(told), [str(v) for v in labels], np.array(scores["confusion"])
        )


def panels_of(title: str, scores: Scores) -> list[Panel]:
    """One panel; two for FER2013, which has two labels for each image."""
    who = scores.get("bundle", f"mean of {scores.get('seeds')} bundles")
    parts = [(name, scores.get(key)) for key, name in (("ferplus", "FER+ votes"), ("original", "FER2013 labels"))]
    both = [(name, part) for name, part in parts if isinstance(part, dict) and "confusion" in part]
    if both:
        return [Panel.of(f"{who}: {title}, {name}", part) for name, part in both]
    return [Panel.of(f"{who}: {title}", scores)]


def check_kind(path: Path) -> None:
    """Raises CannotScore if a picture of this name can't be drawn."""
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise CannotScore(f"{path} is no picture that can be drawn: end its name with .png, .svg or .pdf")


def draw(panels: Sequence[Panel], path: Path) -> None:
    """Write the panels side by side; the suffix says how. Raises CannotScore as `check_kind`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    check_kind(path)
    cells = max(len(panel.labels) for panel in panels)
    side = 2.6 + 0.72 * cells
    figure = Figure(figsize=(side * len(panels), side + 0.1), dpi=160, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    for axes, panel in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True):
        _panel(axes, panel)
    figure.savefig(path)


def _panel(axes: "Axes", panel: Panel) -> None:
    """A cell is shaded by its share of the row, so that a rare label reads as well as a common one."""
    from matplotlib.colors import LinearSegmentedColormap

    rows = panel.confusion.sum(axis=1)
    shares = panel.confusion / np.maximum(rows, 1)[:, None]
    axes.imshow(shares, cmap=LinearSegmentedColormap.from_list("blues", _SHADES), vmin=0.0, vmax=1.0)
    count = len(panel.labels)
    for (true, said), share in np.ndenumerate(shares):
        number = int(panel.confusion[true, said])
        colour = "white" if share >= _DARK else _INK if number else "#c3c9d1"
        place, told = (true - 0.10, _percent(share)) if number else (true, "0")
        weight = "bold" if true == said else "normal"
        axes.text(said, place, told, ha="center", va="center", color=colour, fontsize=10.5, fontweight=weight)
        if number:
            axes.text(said, true + 0.24, f"{number:,}", ha="center", va="center", color=colour, fontsize=7, alpha=0.85)
    axes.set_xticks(range(count), panel.labels, rotation=40, ha="right", rotation_mode="anchor", color=_INK)
    axes.set_yticks(range(count), [f"{name}  ({n:,})" for name, n in zip(panel.labels, rows, strict=True)], color=_INK)
    axes.set_xlabel("read as", color=_FAINT, labelpad=8)
    axes.set_ylabel("true label (n)", color=_FAINT, labelpad=8)
    axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(panel.title, loc="left", color=_INK, fontsize=13, fontweight="bold", pad=28)
    axes.text(0, 1.018, panel.note, transform=axes.transAxes, color=_FAINT, fontsize=9, va="bottom")


def _percent(share: float) -> str:
    return "<1%" if share < 0.005 else f"{100 * share:.0f}%"
