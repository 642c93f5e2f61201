"""Squared distances by matrix product are exact for uint8 and as good as float64 for the rest."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from advnets.measures.distances import stripes
from advnets.measures.inputs import rows_of


def squared(left, right):
    found = np.full((len(left), len(right)), np.nan)
    for rows, stripe in stripes(rows_of(left, "left"), rows_of(right, "right")):
        for columns, tile in stripe:
            found[rows, columns] = tile.numpy()
    return found


def integer_squares(left, right):
    return np.array([np.square(row.astype(np.int64) - right.astype(np.int64)).sum(1) for row in left]) / 255**2


@pytest.mark.parametrize("dimension", [1, 3, 784, 1024, 1025, 3072])
def test_uint8_images_give_the_very_integers(dimension):
    random = np.random.default_rng(dimension)
    left = random.integers(0, 256, (7, dimension), dtype=np.uint8)
    right = np.concatenate([left[:2], random.integers(0, 256, (9, dimension), dtype=np.uint8)])
    assert np.array_equal(squared(left, right), integer_squares(left, right))


def test_black_against_white_stays_exact():
    extremes = np.array([[0] * 3072, [255] * 3072, [128] * 3072], dtype=np.uint8)
    assert np.array_equal(squared(extremes, extremes), integer_squares(extremes, extremes))


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_a_reduced_matrix_product_precision_changes_nothing(precision):
    images = np.random.default_rng(0).integers(0, 256, (200, 1500), dtype=np.uint8)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        found = squared(images[:50], images)
    finally:
        torch.set_float32_matmul_precision(before)
    assert np.array_equal(found, integer_squares(images[:50], images))


def test_autocast_changes_nothing():
    images = np.random.default_rng(0).random((60, 100))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = squared(images, images)
    assert np.array_equal(found, squared(images, images))


@pytest.mark.parametrize("counts", [(1, 1), (511, 513), (1030, 20), (3, 1025)])
def test_tiles_cover_every_pair_once(counts):
    random = np.random.default_rng(1)
    left, right = (random.integers(0, 256, (count, 5), dtype=np.uint8) for count in counts)
    assert np.array_equal(squared(left, right), integer_squares(left, right))


def test_floats_agree_with_scipy_on_real_images(digits):
    left, right = digits["test"][:40].reshape(40, -1), digits["train"][:600].reshape(600, -1)
    ours = squared((left / 255).astype(np.float32), right)
    theirs = cdist((left / 255).astype(np.float32).astype(np.float64), right / 255, "sqeuclidean")
    assert np.allclose(ours, theirs, rtol=0, atol=1e-11)


def test_near_duplicates_of_floats_keep_their_distance():
    image = np.random.default_rng(2).random((1, 784))
    close = image + 1e-5
    assert squared(image, close)[0, 0] == pytest.approx(784e-10, rel=1e-4)
    assert 0 <= squared(image, image)[0, 0] < 1e-12
