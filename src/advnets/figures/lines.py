"""Panels of lines, points and bands: what most of the paper's exhibits draw."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from advnets.figures.plots import new_figure, save_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = ("#2b6ca3", "#d9822b", "#3d8f5f", "#9b4f96", "#8a8a8a", "#b8860b")


@dataclass(frozen=True)
class Line:
    """One line of a panel.

    Args:
        label: in the legend; empty for none.
        x, y: of one length; what is not finite leaves a gap.
        style: how it is drawn.
        low, high: the ends of a band around it.
        color: by default one that no other line of the panel has, and the same wherever the label stands.
    """

    label: str
    x: npt.ArrayLike
    y: npt.ArrayLike
    style: Literal["solid", "dashed", "dotted", "points", "bars"] = "solid"
    low: npt.ArrayLike | None = None
    high: npt.ArrayLike | None = None
    color: str | None = None


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Args:
        title: above it.
        lines: drawn in this order.
        x_label, y_label: of the axes.
        log_x, log_y: whether they are logarithmic.
        level: a thin horizontal line: a value to compare with.
        y_range: the lowest and highest value shown.
        plane: whether x and y are one unit long alike, as points of the plane want it; `y_range` is x's, too.
    """

    title: str
    lines: Sequence[Line]
    x_label: str = ""
    y_label: str = ""
    log_x: bool = False
    log_y: bool = False
    level: float | None = None
    y_range: tuple[float, float] | None = None
    plane: bool = False


def panels(shown: Sequence[Panel], path: str | os.PathLike[str], columns: int = 3) -> Path:
    """Draw panels side by side.

    Args:
        shown: the panels.
        path: the PNG file to write.
        columns: panels in a row, at most.

    Returns:
        The path.

    Raises:
        OSError: the file cannot be written.
    """
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    figure = new_figure(0.6 + 3.9 * columns, 3.3 * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    chosen = _colors_of(shown)
    for axes, panel in zip(grid.flat, shown, strict=False):
        _draw(axes, panel, chosen)
    for axes in grid.flat[len(shown) :]:
        axes.set_visible(False)
    return save_figure(figure, path)


def _colors_of(shown: Sequence[Panel]) -> dict[str, str]:
    """A color for each label, of those that no other line has in the panels where it stands."""
    found: dict[str, str] = {}
    for label in dict.fromkeys(line.label for panel in shown for line in panel.lines if line.label):
        beside = [line for panel in shown if any(line.label == label for line in panel.lines) for line in panel.lines]
        own = next((line.color for line in beside if line.label == label and line.color), None)
        found[label] = own or _free({line.color or found.get(line.label, "") for line in beside})
    return found


def _free(taken: Collection[str]) -> str:
    """The first color that is not taken; where all are, one of them again."""
    return next((color for color in _COLORS if color not in taken), _COLORS[len(taken) % len(_COLORS)])


def _draw(axes: Axes, panel: Panel, chosen: Mapping[str, str]) -> None:
    if panel.level is not None:
        axes.axhline(panel.level, color=_COLORS[4], linewidth=0.9, linestyle=":")
    taken = {line.color or chosen.get(line.label, "") for line in panel.lines}
    for line in panel.lines:
        color = line.color or chosen.get(line.label) or _free(taken)
        taken.add(color)
        _draw_line(axes, line, color)
    axes.set_title(panel.title, fontsize=10, loc="left")
    axes.set_xlabel(panel.x_label, fontsize=9)
    axes.set_ylabel(panel.y_label, fontsize=9)
    axes.set_xscale("log" if panel.log_x else "linear")
    axes.set_yscale("log" if panel.log_y else "linear")
    if panel.y_range is not None:
        axes.set_ylim(*panel.y_range)
    if panel.plane:
        axes.set_aspect("equal")
        axes.set_xlim(*(panel.y_range or axes.get_ylim()))
    tidy(axes)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, edgecolor="none", framealpha=0.8)  # readable where it lies on lines


def _draw_line(axes: Axes, line: Line, color: str) -> None:
    x, y = np.asarray(line.x, np.float64), np.asarray(line.y, np.float64)
    label = line.label or None
    if line.low is not None and line.high is not None:
        low, high = np.asarray(line.low, np.float64), np.asarray(line.high, np.float64)
        if line.style == "points":
            axes.errorbar(x, y, [y - low, high - y], fmt="none", ecolor=color, elinewidth=1.2)
        else:
            axes.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0)
    if line.style == "points":
        axes.plot(x, y, "o", color=color, markersize=4, label=label)
    elif line.style == "bars":
        width = float(np.min(np.diff(x))) if len(x) > 1 else 1.0
        axes.bar(x, y, width=width, color=color, alpha=0.3, label=label)
    else:
        dashes = {"solid": "-", "dashed": "--", "dotted": ":"}[line.style]
        axes.plot(x, y, dashes, color=color, linewidth=1.6, label=label)
