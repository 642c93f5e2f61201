"""Plots of numbers: the curves of a run, the points of a toy game."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from advnets.errors import DataError
from advnets.figures.scores import score_names
from advnets.files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, _GRAY = "#2b6ca3", "#d9822b", "#8a8a8a"
_ASKED = [("accuracy", "told apart by D", BLUE), ("spread_features", "spread in D's features", ORANGE)]
_BY_CLASS = [("within", "within a class", BLUE), ("between", "between classes, one z", ORANGE)]
_SHOWN_POINTS = 20_000
_SMOOTHED_OVER = 50  # a fiftieth of the curve


def curves(metrics: Sequence[Mapping[str, Any]], path: str | os.PathLike[str]) -> Path:
    """A training: both players' costs, what D makes of real images and fakes, and what it proves.

    Args:
        metrics: the lines of metrics.jsonl: `step`, and of `cost_d`, `cost_g`, `d_real`, `d_fake`,
            `jsd_bound`, `steps_per_second` those there are. Values that are not finite leave a gap.
        path: the PNG file to write.

    Returns:
        The path.

    Raises:
        DataError: no line with a step.
        RunError: the file cannot be written.
    """
    lines = [line for line in metrics if "step" in line]
    if not lines:
        raise DataError("no metrics to draw", "train for at least one log interval")
    bounded = bool(len(_series(lines, "jsd_bound")[0]))
    figure = new_figure(13.2 if bounded else 9.6, 3.6)
    costs, opinions, *others = figure.subplots(1, 3 if bounded else 2)
    _panel(costs, "Costs", [("cost_d", "discriminator", BLUE), ("cost_g", "generator", ORANGE)], lines)
    real, fake = score_names(next((line for line in lines if line.get("jsd_bound") is not None), {}))
    _panel(opinions, "D's output", [("d_real", real, BLUE), ("d_fake", fake, ORANGE)], lines)
    if bounded:
        opinions.axhline(0.5, color=_GRAY, linewidth=0.8, linestyle=":")
        opinions.set_ylim(-0.02, 1.02)  # probabilities; logits lie anywhere
    if bounded:
        _panel(others[0], "JSD at least (on training batches), nats", [("jsd_bound", "", BLUE)], lines)
        others[0].axhline(0.0, color=_GRAY, linewidth=0.8, linestyle=":")
        others[0].axhline(math.log(2), color=_GRAY, linewidth=0.8, linestyle=":")
    _note_pace(opinions, lines)
    return save_figure(figure, path)


def scatter(
    points: npt.ArrayLike, real: npt.ArrayLike, path: str | os.PathLike[str], columns: Sequence[str] = ()
) -> Path:
    """Generated points over real ones, for games in the plane.

    Args:
        points: N x 2, generated; N may be 0.
        real: M x 2; M may be 0 where N is not.
        path: the PNG file to write.
        columns: names of the two coordinates, of which neither then is drawn to the other's scale; none by default.

    Returns:
        The path.

    Raises:
        DataError: not points of the plane.
        RunError: the file cannot be written.
    """
    ours = _in_plane(points, "generated", none=True)
    theirs = _in_plane(real, "real", none=len(ours) > 0)
    figure = new_figure(4.8, 4.8)
    axes = figure.subplots()
    if len(theirs):
        axes.scatter(*theirs.T, s=26, color=BLUE, alpha=0.2, linewidths=0, label="real")
    if len(ours):
        axes.scatter(*ours.T, s=4, color=ORANGE, alpha=0.7, linewidths=0, label="generated")
    if columns:
        axes.set_xlabel(columns[0])
        axes.set_ylabel(columns[1])
    else:
        axes.set_aspect("equal", adjustable="datalim")
    tidy(axes)
    legend = axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.1), ncols=2)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1)
    return save_figure(figure, path)


def intervals(panels: Mapping[str, Mapping[str, tuple[float, float, float]]], path: str | os.PathLike[str]) -> Path:
    """Values with their intervals, a panel for each measure, a line for each contender.

    Args:
        panels: title to contender to (value, low, high); an infinite end is not drawn.
        path: the PNG file to write.

    Returns:
        The path.

    Raises:
        OSError: the file cannot be written.
    """
    names = list(dict.fromkeys(name for panel in panels.values() for name in panel))
    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    figure = new_figure(2.0 + 3.2 * columns, rows * (1.0 + 0.32 * len(names)))
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, (title, panel) in zip(grid.flat, panels.items(), strict=False):
        for place, name in enumerate(names):
            if name in panel:
                value, low, high = panel[name]
                ends = [end if np.isfinite(end) else value for end in (low, high)]
                axes.plot(ends, [place, place], color=_GRAY, linewidth=2)
                axes.plot([value], [place], "o", color=BLUE, markersize=5)
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_yticks(range(len(names)), names, fontsize=9)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.tick_params(axis="x", labelsize=8)
        tidy(axes)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    return save_figure(figure, path)


def measurements(
    panels: Mapping[str, Sequence[tuple[float, float, float, float]]], path: str | os.PathLike[str]
) -> Path:
    """Measures over a training, a panel each, with their intervals.

    Args:
        panels: title to (step, value, low, high) of each measurement; an infinite end is cut off.
        path: the PNG file to write.

    Returns:
        The path.

    Raises:
        OSError: the file cannot be written.
    """
    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    figure = new_figure(1.0 + 3.4 * columns, 2.6 * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, (title, points) in zip(grid.flat, panels.items(), strict=False):
        steps, values, low, high = np.array(points, dtype=np.float64).T
        some = np.isfinite(low) & np.isfinite(high)
        axes.fill_between(steps, low, high, where=some, color=BLUE, alpha=0.2, linewidth=0)
        axes.plot(steps, values, color=BLUE, marker="o", markersize=3)
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_xlabel("step", fontsize=9)
        axes.tick_params(labelsize=8)
        tidy(axes)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    return save_figure(figure, path)


def looks(lines: Sequence[Mapping[str, Any]], alarms: Sequence[int], path: str | os.PathLike[str]) -> Path:
    """What the Helvetica watch saw: the fakes' diversity and movement with the alarms, and what D makes of them.

    Of a conditional game also how various its classes are.

    Args:
        lines: of watch.jsonl: `step`, `diversity`, `smooth`, `movement`, `unrest`, and where D was asked `accuracy`
            and `spread_features`, where classes were looked at `within` and `between`.
        alarms: the steps of the alarms.
        path: the PNG file to write.

    Returns:
        The path.

    Raises:
        OSError: the file cannot be written.
    """
    more = [
        (title, series)
        for title, series in (("D on fakes", _ASKED), ("Fakes by class, over real images", _BY_CLASS))
        if any(line.get(key) is not None for line in lines for key, _, _ in series)
    ]
    figure = new_figure(4.4 * (2 + len(more)), 3.6)
    diversity, movement, *others = figure.subplots(1, 2 + len(more))
    shown = [(diversity, "Diversity of fakes", "diversity", "smooth"), (movement, "Movement", "movement", "unrest")]
    for axes, title, single, smooth in shown:
        for key, color, width in ((single, _GRAY, 0.6), (smooth, BLUE, 1.6)):
            axes.plot(*_series(list(lines), key), color=color, linewidth=width, label=key)
        for place, step in enumerate(alarms):
            axes.axvline(step, color=ORANGE, linewidth=1.2, label=None if place else "alarm")
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_xlabel("step")
        axes.legend(frameon=False, fontsize=9)
        tidy(axes)
    diversity.set_ylim(-0.02, 1.05)
    for axes, (title, series) in zip(others, more, strict=True):
        _panel(axes, title, series, list(lines))
    return save_figure(figure, path)


def new_figure(width: float, height: float, arranged: bool = True) -> Figure:
    """An empty figure of so many inches, drawn without a display; its axes are arranged as it is drawn, or by hand."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # a third of a second: only who draws pays
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, layout="constrained" if arranged else None)
    FigureCanvasAgg(figure)
    return figure


def _panel(axes: Axes, title: str, series: list[tuple[str, str, str]], lines: list[Mapping[str, Any]]) -> None:
    for key, label, color in series:
        steps, values = _series(lines, key)
        if len(steps):
            axes.plot(steps, values, color=color, alpha=0.25, linewidth=0.8)
            dot = "o" if np.isfinite(values).sum() == 1 else ""  # one point has no line
            axes.plot(steps, _smooth(values), color=color, linewidth=1.6, marker=dot, markersize=4, label=label or None)
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel("step")
    tidy(axes)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=9)


def _series(lines: list[Mapping[str, Any]], key: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    pairs = [(line["step"], line[key]) for line in lines if line.get(key) is not None]
    pairs = pairs[:: 1 + len(pairs) // _SHOWN_POINTS]
    steps, values = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return steps, np.where(np.isfinite(values), values, np.nan)


def _smooth(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A centered moving average over a fiftieth of the curve; gaps are left out of it and stay gaps."""
    window = np.ones(2 * (len(values) // (2 * _SMOOTHED_OVER)) + 1)
    known = np.isfinite(values)
    sums = np.convolve(np.where(known, values, 0.0), window, mode="same")
    counts = np.convolve(known.astype(np.float64), window, mode="same")
    return np.where(known, sums / np.maximum(counts, 1), np.nan)


def _note_pace(axes: Axes, lines: list[Mapping[str, Any]]) -> None:
    _, paces = _series(lines, "steps_per_second")
    if np.isfinite(paces).any():
        text = f"{np.nanmedian(paces):,.3g} steps/s"
        axes.set_title(text, fontsize=9, loc="right", color=_GRAY)


def tidy(axes: Axes) -> None:
    """Axes as all our plots have them."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9)


def _in_plane(points: npt.ArrayLike, name: str, none: bool = False) -> npt.NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or not (none or len(array)):
        raise DataError(f"{name} points of shape {array.shape}", "give N x 2")
    return array


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write it as PNG, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    target = Path(path)
    write_whole(target, lambda file: figure.savefig(file, format="png", metadata={"Software": None}))
    return target
