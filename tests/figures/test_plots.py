"""Plots: they come out whatever a run has logged, and importing the package does not pay for them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from advnets.errors import DataError
from advnets.figures import curves, save_samples, scatter
from advnets.figures.lines import Line, Panel, _colors_of, panels
from advnets.figures.plots import _smooth

LINE = {"cost_d": 0.6, "cost_g": 1.0, "d_real": 0.7, "d_fake": 0.3, "steps_per_second": 70.0}


def is_picture(path):
    with Image.open(path) as image:
        return image.format == "PNG" and np.asarray(image.convert("L")).std() > 1


@pytest.mark.parametrize(
    "metrics",
    [
        [{"step": step} | LINE for step in range(0, 500, 10)],
        [{"step": 1} | LINE],
        [{"step": step, "jsd_bound": 0.1} | LINE for step in range(5)],
        [{"step": 1, "cost_d": 1.0}, {"step": 2, "cost_d": float("nan")}, {"step": 3, "cost_d": None}],
        [{"step": 1}],
    ],
    ids=["a run", "one line", "with a bound", "gaps", "steps alone"],
)
def test_curves_are_drawn_of_what_there_is(tmp_path, metrics):
    assert is_picture(curves(metrics, tmp_path / "curves.png"))


def test_the_same_curves_are_the_same_file(tmp_path):
    metrics = [{"step": step} | LINE for step in range(5)]
    first, second = (curves(metrics, tmp_path / f"{name}.png").read_bytes() for name in "ab")
    assert first == second


def test_no_metrics_are_refused(tmp_path):
    with pytest.raises(DataError, match="no metrics"):
        curves([], tmp_path / "curves.png")


def test_smoothing_keeps_constants_and_gaps():
    values = np.ones(500)
    values[100] = np.nan
    smooth = _smooth(values)
    assert np.isnan(smooth[100])
    assert np.allclose(np.delete(smooth, 100), 1)


def test_points_of_the_plane_are_drawn(tmp_path):
    points = np.random.default_rng(0).normal(size=(50, 2))
    assert is_picture(scatter(points, points + 0.1, tmp_path / "points.png"))


def test_other_points_are_refused(tmp_path):
    with pytest.raises(DataError, match="N x 2"):
        scatter(np.zeros((4, 3)), np.zeros((4, 2)), tmp_path / "points.png")


def test_a_label_has_one_color_in_all_panels_and_no_other_line_of_them_has_it(tmp_path):
    def line(label, color=None):
        return Line(label, [0, 1], [0, 1], color=color)

    shown = [Panel("", [line("a"), line("b")]), Panel("", [line("true", "black"), line("c"), line("b"), line("")])]
    found = _colors_of(shown)
    assert found["true"] == "black"
    assert len({found["b"], found["a"]}) == len({found["b"], found["c"], "black"}) - 1 == 2
    assert is_picture(panels(shown, tmp_path / "a.png"))


def test_a_plane_is_as_high_as_it_is_wide(tmp_path):
    angle = np.linspace(0, 2 * np.pi, 400)
    circle = Line("", np.cos(angle), np.sin(angle), color="#ff0000")
    with Image.open(panels([Panel("", [circle], y_range=(-2, 2), plane=True)], tmp_path / "a.png")) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    red = (pixels[..., 0] - pixels[..., 1]) > 200
    height, width = (np.ptp(np.flatnonzero(red.any(axis))) for axis in (1, 0))
    assert abs(height - width) <= 2


def test_importing_figures_does_not_load_matplotlib():
    code = "import sys, advnets.figures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_real_points_are_drawn_alone_before_any_is_generated(tmp_path, columns):
    real = np.random.default_rng(0).normal(size=(50, columns))
    save_samples(real[:0], tmp_path / "reals.png", real)
    assert is_picture(tmp_path / "reals.png")
    with pytest.raises(DataError):
        save_samples(real[:0], tmp_path / "none.png", real[:0])
    save_samples(real, tmp_path / "made.png", None)
    assert is_picture(tmp_path / "made.png")
