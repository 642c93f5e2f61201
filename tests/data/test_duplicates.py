"""Copies and near duplicates, against all pairs compared directly."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import pdist

from advnets.data import duplicates
from advnets.data.duplicates import NEAR, Looks, Near, first_alike, groups, look_at, near_duplicates


def recompressed(image: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=95, subsampling=0)
    return np.asarray(Image.open(file))


@pytest.fixture(scope="module")
def images(emoji: np.ndarray) -> np.ndarray:
    """Emoji, N x 3 x 32 x 32: 300 of them, 100 saved again, 20 brighter, 5 exact copies, 3 of a single shade."""
    emoji = emoji[:300]
    brighter = (emoji[100:120].astype(int) * 3 // 4 + 40).astype(np.uint8)
    flat = np.full((3, 32, 32, 3), 90, np.uint8) + np.arange(3, dtype=np.uint8)[:, None, None, None]
    parts = [emoji, *(recompressed(image)[None] for image in emoji[:100]), brighter, emoji[200:205], flat]
    return np.ascontiguousarray(np.concatenate(parts).transpose(0, 3, 1, 2))


@pytest.fixture(scope="module")
def looks(images: np.ndarray) -> Looks:
    return look_at(images)


@pytest.fixture(scope="module")
def near(images: np.ndarray, looks: Looks) -> Near:
    return near_duplicates(images, looks)


def test_what_each_image_looks_like(images: np.ndarray) -> None:
    advanced: list[int] = []
    looks = look_at(images, advanced.append)
    rows = images.reshape(len(images), -1).astype(np.float64)
    np.testing.assert_allclose(looks.means, rows.mean(1), rtol=1e-5)
    np.testing.assert_allclose(looks.deviations, rows.std(1), rtol=1e-4, atol=1e-3)
    assert sum(advanced) == len(images)


def test_copies_are_those_of_equal_bytes(images: np.ndarray, looks: Looks) -> None:
    contents = [image.tobytes() for image in images]
    for same in (looks.same, first_alike(images)):
        assert same.tolist() == [contents.index(content) for content in contents]
    assert looks.same[420:425].tolist() == [200, 201, 202, 203, 204]


def test_near_duplicates_are_those_of_all_pairs_and_no_others(images: np.ndarray, looks: Looks, near: Near) -> None:
    rows = np.flatnonzero((looks.same == np.arange(len(images))) & (looks.deviations >= 1))
    correlations = np.corrcoef(images[rows].reshape(len(rows), -1))
    one, other = np.nonzero(np.triu(correlations >= NEAR, 1))
    truth = set(zip(rows[one].tolist(), rows[other].tolist(), strict=True))
    found = set(map(tuple, near.rows.tolist()))
    assert found <= truth
    assert len(found) >= 0.99 * len(truth) > 100
    assert (near.rows[:, 0] < near.rows[:, 1]).all()
    pixels = images.astype(np.float64)
    for (a, b), correlation, difference in zip(near.rows, near.correlations, near.differences, strict=True):
        assert correlation == pytest.approx(np.corrcoef(images[a].ravel(), images[b].ravel())[0, 1], abs=1e-5)
        assert difference == pytest.approx(np.sqrt(np.square(pixels[a] - pixels[b]).mean()), rel=1e-4)
    assert (np.diff(near.differences) >= 0).all()


def test_brighter_images_are_near_duplicates(near: Near) -> None:
    found = set(map(tuple, near.rows.tolist()))
    assert sum((100 + number, 400 + number) in found for number in range(20)) >= 19


def test_projections_bring_no_two_images_farther_apart(images: np.ndarray, looks: Looks) -> None:
    rows = images.reshape(len(images), -1).astype(np.float64)
    rows -= rows.mean(1, keepdims=True)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    some = slice(0, 420)  # those that are not of a single shade
    before, after = (pdist(each[some]) for each in (rows, looks.projected.astype(np.float64)))
    assert (after <= before + 1e-4).all()
    assert np.corrcoef(before, after)[0, 1] > 0.9


@pytest.mark.parametrize("shape", [(2, 1, 1, 1), (3, 3, 5, 40), (1, 1, 28, 28), (50, 4, 7, 7)])
def test_shapes_of_any_kind_and_few_images(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    looks = look_at(images)
    assert near_duplicates(images, looks).rows.tolist() == []
    assert looks.same.tolist() == list(range(shape[0]))


def test_images_that_are_all_nearly_the_same_are_one_set_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 256, (1, 3, 16, 16))
    images = (scene + rng.integers(-2, 3, (400, 3, 16, 16))).clip(0, 255).astype(np.uint8)
    compared: list[int] = []
    compare = duplicates._compare
    monkeypatch.setattr(duplicates, "_compare", lambda i, p: (compared.append(len(p)), compare(i, p))[1])
    near = near_duplicates(images, look_at(images))
    assert sum(compared) <= 400 * duplicates.ROUNDS * duplicates._WINDOW
    assert len(set(groups(near.rows, 400).tolist())) == 1


def test_groups_are_connected_components() -> None:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = np.random.default_rng(0).integers(0, 300, (140, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    graph = coo_array((np.ones(len(pairs)), pairs.T), (300, 300))
    _, expected = connected_components(graph, directed=False)
    found = groups(pairs, 300)
    lowest = [int(np.flatnonzero(expected == each)[0]) for each in expected]
    assert found.tolist() == lowest
