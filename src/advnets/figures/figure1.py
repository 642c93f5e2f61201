"""The paper's Figure 1 from arrays: p_data, p_g and D over the line of x, and below it where G takes each z."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from advnets.errors import DataError
from advnets.figures.animation import Frame
from advnets.figures.plots import new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DATA, _MADE, _OPINION = "#111111", "#2e8b57", "#2456a6"  # the paper's: black dotted, green solid, blue dashed
_GRAY, _ARROW = "#8a8a8a", "#9a9a9a"
_X_LINE, _Z_LINE, _FLOOR, _TOP = -0.10, -0.48, -0.58, 1.20
_PEAK = 0.72  # how high p_data's peak is drawn, where D = 1 is 1: D = 1/2 crosses the bell, as in the paper


@dataclass(frozen=True)
class Scene:
    """The two players at one moment.

    Args:
        title: above it.
        x: (N,), ascending.
        p_data, p_g: (N,) densities at x.
        opinion: (N,) D(x), in [0, 1].
        z: (M,) places of the prior's line.
        mapped: (M,) G(z).
        before: (N,) a density p_g had earlier, drawn faintly.
        best: (N,) D*(x), drawn faintly; NaN leaves a gap.
        note: a line below it.
    """

    title: str
    x: npt.ArrayLike
    p_data: npt.ArrayLike
    p_g: npt.ArrayLike
    opinion: npt.ArrayLike
    z: npt.ArrayLike
    mapped: npt.ArrayLike
    before: npt.ArrayLike | None = None
    best: npt.ArrayLike | None = None
    note: str = ""


def figure1(scenes: Sequence[Scene], path: str | os.PathLike[str], columns: int = 4) -> Path:
    """Draw scenes side by side, as Figure 1 has them.

    Args:
        scenes: from left to right.
        path: the PNG file to write.
        columns: scenes in a row, at most.

    Returns:
        The path.

    Raises:
        DataError: no scenes, or arrays that do not belong together.
        OSError: the file cannot be written.
    """
    for scene in scenes:
        _check(scene)
    if not scenes:
        raise DataError("a figure of no scenes", "give one at least")
    columns = min(columns, len(scenes))
    rows = -(-len(scenes) // columns)
    figure = new_figure(3.1 * columns + 0.4, 3.3 * rows + 0.35)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, scene in zip(grid.flat, scenes, strict=False):
        _draw(axes, scene)
    for axes in grid.flat[len(scenes) :]:
        axes.set_visible(False)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False, fontsize=9)
    return save_figure(figure, path)


def frames(scenes: Sequence[Scene], width: int = 720, height: int = 560) -> Iterator[Frame]:
    """Each scene as a picture of a film, uint8 H x W x 3.

    Args:
        scenes: in the order of time.
        width, height: in pixels.

    Raises:
        DataError: arrays of a scene that do not belong together.
    """
    figure = new_figure(width / 100, height / 100)
    figure.set_dpi(100)
    figure.set_layout_engine("none")  # placed by hand, so that nothing moves from frame to frame
    axes = figure.add_axes((0.08, 0.08, 0.89, 0.84))
    for scene in scenes:
        _check(scene)
        axes.clear()
        _draw(axes, scene)
        axes.legend(loc="upper right", frameon=False, fontsize=10)
        figure.canvas.draw()
        yield np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()  # pyright: ignore[reportAttributeAccessIssue]


def _draw(axes: Axes, scene: Scene) -> None:
    x, data = np.asarray(scene.x, np.float64), np.asarray(scene.p_data, np.float64)
    scale = _PEAK / max(float(data.max()), 1e-12)
    _draw_lines(axes, scene, x)
    if scene.before is not None:
        axes.plot(x, scale * np.asarray(scene.before), color=_MADE, linewidth=1.0, alpha=0.4)
    if scene.best is not None:
        axes.plot(x, np.asarray(scene.best), color=_OPINION, linewidth=3.6, alpha=0.22)
    axes.plot(x, scale * data, ":", color=_DATA, linewidth=1.9, label="$p_{data}$")
    axes.plot(x, scale * np.asarray(scene.p_g), color=_MADE, linewidth=1.9, label="$p_g$")
    axes.plot(x, np.asarray(scene.opinion), "--", color=_OPINION, linewidth=1.7, label="$D(x)$")
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(_FLOOR, _TOP)
    axes.set_yticks([0, 0.5, 1], ["0", "½", "1"], fontsize=9, color=_OPINION)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=2, color=_OPINION)
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
    axes.set_title(scene.title, fontsize=10)
    axes.set_xlabel(scene.note, fontsize=8.5, color="#555555")


def _draw_lines(axes: Axes, scene: Scene, x: npt.NDArray[np.float64]) -> None:
    """The lines of x and z with an arrow from each z to G(z), and those of D = 0 and 1/2."""
    axes.hlines([0, 0.5], x[0], x[-1], color="#dddddd", linewidth=0.7)
    z, mapped = np.asarray(scene.z, np.float64), np.asarray(scene.mapped, np.float64)
    axes.plot([x[0], x[-1]], [_X_LINE, _X_LINE], color=_DATA, linewidth=1)
    axes.plot([z.min(), z.max()], [_Z_LINE, _Z_LINE], color=_DATA, linewidth=1)
    for name, height in (("x", _X_LINE), ("z", _Z_LINE)):
        axes.text(x[0], height, f"${name}$ ", ha="right", va="center", fontsize=11)
    for start, end in zip(z, mapped, strict=True):
        if x[0] <= end <= x[-1]:
            axes.annotate(
                "", (end, _X_LINE), (start, _Z_LINE),
                arrowprops={
                    "arrowstyle": "-|>,head_width=0.12,head_length=0.28", "color": _ARROW, "linewidth": 0.7,
                    "shrinkA": 0, "shrinkB": 0,
                },
            )  # fmt: skip


def _check(scene: Scene) -> None:
    size = len(np.atleast_1d(np.asarray(scene.x)))
    curves = {"p_data": scene.p_data, "p_g": scene.p_g, "opinion": scene.opinion}
    curves |= {name: y for name, y in (("before", scene.before), ("best", scene.best)) if y is not None}
    for name, values in curves.items():
        if np.shape(values) != (size,) or size < 2:
            raise DataError(f"{name} has shape {np.shape(values)}, x has {size} places", "give one value for each x")
    if np.shape(scene.z) != np.shape(scene.mapped):
        raise DataError(f"{np.size(scene.z)} z and {np.size(scene.mapped)} G(z)", "give G(z) for each z")
