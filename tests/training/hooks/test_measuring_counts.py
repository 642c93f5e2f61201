"""How many samples a measurement in training begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_games import ring

import advnets
from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe

FRUGAL = {"every": 10, "budget": 1e-6}  # nothing fits: the first count is the last


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))


def noise(folder: Path, side: int) -> Recipe:
    """A small game of images of so many pixels a side."""
    images = np.random.default_rng(0).integers(0, 256, (60, side, side, 1), dtype=np.uint8)
    np.save(folder / "noise.npy", images)
    small = {"generator": {"hidden": [8]}, "discriminator": {"kind": "mlp", "units": [8]}}
    plain: dict[str, Any] = {
        "batch": 10,
        "steps": 10,
        "log_every": 10,
        "checkpoint_every": 10,
        "sample_every": 0,
        "holdout": 0.2,
    }
    return load_recipe("mnist-dense").replace(data=str(folder / "noise.npy"), **small, **plain)


def measured(recipe: Recipe, metrics: str, folder: Path) -> dict[str, Any]:
    """The only line of measures.jsonl."""
    run = advnets.train(recipe.replace(measure={**FRUGAL, "metrics": metrics}), run=folder / "run")
    (line,) = run.measures
    return line


@pytest.mark.parametrize(
    ("side", "metrics", "count"),
    [
        (23, "frechet", 500),
        (23, "frechet_infinity", 23 * 23 + 1),  # its line needs more samples than features
        (23, "frechet,frechet_infinity", 23 * 23 + 1),
        (8, "frechet_infinity", 500),
    ],
)
def test_infinity_begins_with_more_samples_than_features(tmp_path: Path, side: int, metrics: str, count: int) -> None:
    line = measured(noise(tmp_path, side), metrics, tmp_path)
    assert line["count"] == count
    assert list(line["measures"]) == metrics.split(",")
    assert "refused" not in line


def test_points_have_few_features(tmp_path: Path) -> None:
    line = measured(ring(steps=10), "frechet_infinity", tmp_path)
    assert line["count"] == 500
    assert "refused" not in line
