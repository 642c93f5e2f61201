"""Samples beside mu and sigma: the Frechet distance alone, and nobody pretends to know more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import advnets
from advnets.data import open_table
from advnets.errors import MeasureError
from advnets.evaluation.counted import real_count
from advnets.measures.frechet import GaussianStatistics, frechet


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 1, 5, 4), dtype=np.uint8)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    found = GaussianStatistics.of(images(500).reshape(500, -1))
    np.savez(tmp_path / "stats.npz", mu=found.mean, sigma=found.covariance)
    return tmp_path / "stats.npz"


def test_the_distance_is_that_of_the_images_they_were_made_of(stored: Path) -> None:
    samples = images(300, 1)
    found = advnets.evaluate(samples, stored, features="pixels")
    assert list(found.results) == ["frechet"]
    assert found.results["frechet"].value == pytest.approx(frechet(samples, images(500)).value, rel=1e-6)
    assert found.of["real"] == "statistics"
    assert found.of["real_images"] is None
    assert found.of["data"] == "stats.npz"
    assert len(found.of["fingerprint"]) == 64
    assert real_count(found.measures["frechet"]) == "unknown"
    assert any("frechet is against mu and sigma in stats.npz: of how many images they are" in n for n in found.notes)
    both = advnets.evaluate(samples, stored, "frechet,frechet_infinity", features="pixels")
    assert list(both.results) == ["frechet", "frechet_infinity"]


def test_image_files_keep_their_own_size(stored: Path, tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    for number, image in enumerate(images(40, 1)):
        Image.fromarray(image[0]).save(folder / f"{number:03d}.png")
    found = advnets.evaluate(folder, stored, features="pixels")
    assert found.samples.shape == (40, 1, 5, 4)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"metrics": "frechet,precision"}, "precision needs images; ask for frechet, or name images with --data"),
        ({"metrics": "all", "features": "classifier"}, "has no labels"),
        ({"features": "pixels", "count": 2}, "frechet: 2 samples, 3 are needed"),
    ],
)
def test_everything_else_is_one_line(stored: Path, options: dict[str, object], says: str) -> None:
    with pytest.raises(MeasureError, match=says):
        advnets.evaluate(images(30, 1), stored, **options)  # type: ignore[arg-type]
    with pytest.raises(MeasureError, match=r"statistics of 20 features, pixels has 9"):
        advnets.evaluate(images(30, 1)[:, :, :3, :3], stored, features="pixels")


def test_a_reference_with_images_is_measured_against_these_but_for_the_distance(tmp_path: Path) -> None:
    whole = GaussianStatistics.of(images(900, 5).reshape(900, -1))
    few = images(1200, 5).transpose(0, 2, 3, 1)[:1000]
    np.savez(tmp_path / "reference.npz", mu=whole.mean, sigma=whole.covariance, arr_0=few)
    samples = images(60, 1)
    found = advnets.evaluate(samples, tmp_path / "reference.npz", "frechet,precision", features="pixels")
    assert found.results["frechet"].value == pytest.approx(frechet(samples, whole).value, rel=1e-9)
    assert found.results["frechet"].real is None
    assert found.results["precision"].real == 60
    assert (found.of["real"], found.of["real_images"]) == ("all", 1000)
    assert any("mu and sigma in reference.npz" in note for note in found.notes)
    assert found.table.digest("all") == open_table(tmp_path / "reference.npz", progress=False).digest("all")
