"""Points of any dimension: each pair of their first columns against each other, and each column by itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from advnets.errors import DataError
from advnets.figures.plots import BLUE, ORANGE, new_figure, save_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rows = npt.NDArray[np.float64]
MOST_COLUMNS = 4
_BINS = 30
_PANEL, _GAP, _LEFT, _TOP = 2.1, 0.15, 0.75, 0.3  # inches
_LONGEST_NAME = 24  # characters


def pairs(
    points: npt.ArrayLike, real: npt.ArrayLike, path: str | os.PathLike[str], columns: Sequence[str] = ()
) -> Path:
    """Generated points over real ones: the first columns in pairs, below a histogram of each.

    What is drawn reaches as far as the real points and half as far again, so that a few stray points do not hide all
    others; those beyond are counted in the title.

    Args:
        points: N x K, generated; N may be 0.
        real: M x K; M may be 0, then the generated ones say how far it reaches.
        path: the PNG file to write.
        columns: K names; by default x1, x2, ...

    Returns:
        The path.

    Raises:
        DataError: not N x K and M x K, nothing at all, or not K names.
        OSError: the file cannot be written.
    """
    ours, theirs = np.asarray(points, np.float64), np.asarray(real, np.float64)
    _check(ours, theirs, columns)
    shown = min(ours.shape[1], MOST_COLUMNS)
    names = [_short(name) for name in columns[:shown]] or [f"x{place + 1}" for place in range(shown)]
    limits = [_limits(theirs[:, place] if len(theirs) else ours[:, place]) for place in range(shown)]
    side = _LEFT + shown * _PANEL
    figure = new_figure(side, side, arranged=False)
    for row in range(shown):
        for column in range(row + 1):
            corner = (_LEFT + column * _PANEL) / side, (_LEFT + (shown - 1 - row) * _PANEL - _TOP) / side
            axes = figure.add_axes((*corner, (_PANEL - _GAP) / side, (_PANEL - _GAP) / side))
            _panel(axes, (ours, theirs), (row, column), limits)
            _label(axes, names, (row, column))
    title = _title(ours[:, :shown], theirs, limits, ours.shape[1])
    figure.suptitle(title, fontsize=9, y=1 - 0.08 / side, va="top", wrap=True)
    return save_figure(figure, path)


def _check(ours: Rows, theirs: Rows, columns: Sequence[str]) -> None:
    alike = ours.ndim == theirs.ndim == 2 and ours.shape[1] == theirs.shape[1] > 0
    if not (alike and len(ours) + len(theirs)) or (columns and len(columns) != ours.shape[1]):
        named = f" and {len(columns)} names" if columns else ""
        raise DataError(f"points of shape {ours.shape}, real ones of {theirs.shape}{named}", "give N x K and M x K")


def _limits(values: Rows) -> tuple[float, float]:
    """The range of some values, half as wide again."""
    low, high = float(values.min()), float(values.max())
    margin = (high - low) / 4 or max(abs(low), 1.0)
    return low - margin, high + margin


def _panel(axes: Axes, both: tuple[Rows, Rows], place: tuple[int, int], limits: Sequence[tuple[float, float]]) -> None:
    """One column by itself, or two against each other."""
    row, column = place
    tidy(axes)
    axes.tick_params(labelsize=7)
    axes.locator_params(nbins=4)
    axes.set_xlim(*limits[column])
    if row == column:
        bins = np.linspace(*limits[row], _BINS)
        for values, color in zip(both, (ORANGE, BLUE), strict=True):
            if len(values):
                inside = np.clip(values[:, row], *limits[row])
                axes.hist(inside, bins, density=True, color=color, histtype="step", linewidth=1.4)  # type: ignore[arg-type]
        return
    ours, theirs = both
    axes.scatter(theirs[:, column], theirs[:, row], s=12, color=BLUE, alpha=0.35, linewidths=0)
    axes.scatter(ours[:, column], ours[:, row], s=5, color=ORANGE, alpha=0.6, linewidths=0)
    axes.set_ylim(*limits[row])


def _label(axes: Axes, names: Sequence[str], place: tuple[int, int]) -> None:
    """Names along the left and the lower side, and numbers nowhere else."""
    row, column = place
    if row == len(names) - 1:
        axes.set_xlabel(names[column], fontsize=9)
    else:
        axes.tick_params(labelbottom=False)
    if row == column:
        axes.set_yticks([])
    elif column == 0:
        axes.set_ylabel(names[row], fontsize=9)
    else:
        axes.tick_params(labelleft=False)


def _title(ours: Rows, theirs: Rows, limits: Sequence[tuple[float, float]], width: int) -> str:
    outside = np.zeros(len(ours), bool)
    for values, (low, high) in zip(ours.T, limits, strict=True):
        outside |= ~((values >= low) & (values <= high))
    both = {"generated (orange)": len(ours), "real (blue)": len(theirs)}
    parts = [f"{count:,} {which}" for which, count in both.items() if count]
    parts += [f"{outside.sum():,} generated lie outside"] if outside.any() else []
    parts += [f"{ours.shape[1]} of {width} columns"] if width > ours.shape[1] else []
    return ", ".join(parts)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
