"""Points of any dimension: what is drawn, of how many, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import advnets.figures.pairs as module
from advnets.errors import DataError
from advnets.figures import save_samples
from advnets.figures.pairs import pairs

RNG = np.random.default_rng(0)


def colors(path: Path) -> set[str]:
    """Which of our colors a picture has."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3).astype(int)
    blue = (pixels[:, 2] - pixels[:, 0]) > 100
    orange = (pixels[:, 0] - pixels[:, 2]) > 100
    return {name for name, found in (("real", blue), ("generated", orange)) if found.sum() > 50}


@pytest.mark.parametrize("width", [1, 3, 9])
def test_both_are_drawn_whatever_the_dimension(width: int, tmp_path: Path) -> None:
    ours, theirs = RNG.normal(size=(60, width)), RNG.normal(size=(50, width)) + 1
    names = [f"a column with a long name, number {place}" for place in range(width)]
    assert colors(pairs(ours, theirs, tmp_path / "both.png", names)) == {"real", "generated"}
    assert colors(pairs(ours, theirs[:0], tmp_path / "ours.png")) == {"generated"}


def test_the_title_counts_what_it_does_not_show() -> None:
    theirs = np.array([[0.0, 0.0], [1.0, 1.0]])
    ours = np.array([[0.5, 0.5], [9.0, 0.5], [0.5, -9.0], [np.nan, 0.0]])
    limits = [module._limits(theirs[:, place]) for place in range(2)]
    assert limits == [(-0.25, 1.25)] * 2
    assert module._title(ours, theirs, limits, 6) == (
        "4 generated (orange), 2 real (blue), 3 generated lie outside, 2 of 6 columns"
    )


def test_a_constant_column_has_room_around_it(tmp_path: Path) -> None:
    flat = np.full((30, 3), 7.0)
    assert module._limits(flat[:, 0]) == (0.0, 14.0)
    pairs(flat, flat, tmp_path / "flat.png")


@pytest.mark.parametrize(
    ("ours", "theirs", "names"),
    [((5, 3), (5, 4), ()), ((5,), (5,), ()), ((5, 3), (5, 3), ("a", "b"))],
)
def test_what_does_not_go_together_is_refused(ours: Any, theirs: Any, names: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="N x K and M x K"):
        pairs(np.zeros(ours), np.zeros(theirs), tmp_path / "no.png", names)


def test_as_many_samples_as_real_points_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[Any, Any]] = []
    monkeypatch.setattr("advnets.figures.samples.pairs", lambda ours, theirs, *_: drawn.append((ours, theirs)))
    many, few = RNG.normal(size=(1000, 3)), np.sort(RNG.normal(size=(300, 3)), 0)
    save_samples(many, tmp_path / "a.png", few)
    save_samples(many, tmp_path / "a.png", few[:20])
    save_samples(many[:30], tmp_path / "a.png", few)
    save_samples(many, tmp_path / "a.png", None)
    assert [(len(ours), len(theirs)) for ours, theirs in drawn] == [(300, 300), (200, 20), (30, 30), (1000, 0)]
    np.testing.assert_array_equal(drawn[2][1], few[::10])  # from everywhere: a file may be in order
