"""Few real images say so, and what two halves of them have stands beside every distance."""

from __future__ import annotations

import json

import numpy as np
import pytest

import advnets
from advnets.data import open_table
from advnets.evaluation.counted import of_halves, real_count, real_images
from advnets.measures.frechet import frechet


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 1, 5, 5), dtype=np.uint8)


def test_distances_to_few_real_images_have_halves_beside_them() -> None:
    table = open_table(images(60), progress=False)
    found = advnets.evaluate(images(200, 1), table, "frechet,kernel,sliced_wasserstein,precision")
    assert set(found.halves) == {"frechet", "kernel", "sliced_wasserstein"}
    assert found.of["real_images"] == 60
    answers = json.loads(json.dumps(found.measures, allow_nan=False))
    assert answers["frechet"]["halves"] == found.halves["frechet"]
    assert "halves" not in answers["precision"]
    rows = table.reals("all").reshape(60, -1) / np.float32(255)
    values = []
    for draw in range(5):
        order = np.random.default_rng([draw, 60]).permutation(60)
        values.append(frechet(rows[order[:30]], rows[order[30:]]).value)
    assert found.halves["frechet"] == pytest.approx(np.mean(values), rel=1e-6)
    assert any("60 real images of array (all) are few" in note for note in found.notes)
    said = of_halves(found.measures)
    assert said[0].startswith(f"frechet {found.results['frechet'].value:.4g}: two halves of the 60 real images are ")


def test_halves_of_alike_samples_are_no_nearer_than_the_samples() -> None:
    table = open_table(images(400), progress=False)
    found = advnets.evaluate(images(400, 2), table, "frechet")
    assert 0.3 < found.results["frechet"].value / found.halves["frechet"] < 1  # as many as both halves together


def test_many_real_images_need_no_halves() -> None:
    table = open_table(images(1000), progress=False)
    found = advnets.evaluate(images(50, 1), table, "frechet")
    assert found.halves == {}
    assert found.of["real_images"] == 1000
    assert not any("are few" in note for note in found.notes)


def test_what_halves_are_too_few_for_is_left_out() -> None:
    table = open_table(images(7), holdout=0.0, progress=False)
    found = advnets.evaluate(images(50, 1), table, "frechet,kernel")
    assert set(found.halves) == {"frechet"}  # three and three; the kernel needs four


def test_the_count_of_real_images_is_told() -> None:
    of = {"data": "photos", "real": "all", "real_images": 2400}
    assert real_images({**of, "extractor": "pixels-1"}) == "2,400 real images of photos (all)"
    assert real_images(of) == "2,400 real points of photos (all)"
    assert real_images({**of, "real_images": None}) == real_images({"data": "photos", "real": "all"}) == "photos (all)"
    assert [real_count({"real": each}) for each in (2400, 0, None)] == ["2,400", "none", "unknown"]


def test_measures_of_equal_counts_say_how_many_they_took() -> None:
    table = open_table(images(60), progress=False)
    notes = advnets.evaluate(images(200, 1), table, "precision,frechet").notes
    assert "precision takes as many samples as real examples: 60 of the 200 samples" in notes
