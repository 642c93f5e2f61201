"""Precision, recall, density and coverage: as brute force counts them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group
from sklearn.neighbors import NearestNeighbors

from advnets.errors import MeasureError
from advnets.evaluation.compare import Comparison
from advnets.measures import pairwise
from advnets.measures.manifold import manifold


def plain(samples: np.ndarray, real: np.ndarray, k: int = 3, k_density: int = 5) -> dict[str, float]:
    """The formulas of the papers, in float64, with every distance at once."""
    x, y = samples.reshape(len(samples), -1).astype(np.float64), real.reshape(len(real), -1).astype(np.float64)
    between = cdist(x, y)
    ball = {
        (name, n): np.sort(cdist(z, z) + np.diag(np.full(len(z), np.inf)), 1)[:, n - 1]
        for name, z in (("x", x), ("y", y))
        for n in (k, k_density)
    }
    dense = between <= ball["y", k_density]
    return {
        "precision": (between <= ball["y", k]).any(1).mean(),
        "recall": (between <= ball["x", k][:, None]).any(0).mean(),
        "density": dense.sum() / (k_density * len(x)),
        "coverage": dense.any(0).mean(),
    }


def values(samples: np.ndarray, real: np.ndarray, **options: int) -> dict[str, float]:
    return {name: found.value for name, found in manifold(samples, real, **options).items()}


def test_digits_are_counted_as_by_brute_force(digits, monkeypatch):
    samples, real = digits["train"][:700] / np.float32(255), digits["test"][:600] / np.float32(255)
    samples[:100] = samples[:100] * np.float32(0.5)  # bad ones, so that no figure is trivial
    expected = plain(samples, real)
    monkeypatch.setattr(pairwise, "TILE", 128)  # several tiles, the last of them smaller
    assert values(samples, real) == pytest.approx(expected, abs=1e-12)  # products in float32, answers in float64
    monkeypatch.setattr(pairwise, "_SHORT", 784)  # products in float64
    assert values(samples, real) == pytest.approx(expected, abs=1e-12)
    assert 0 < expected["precision"] < 1


def test_neighbors_are_scikit_learns(digits):
    x = digits["test"][:900].reshape(900, -1) / np.float32(255)
    found = pairwise.nearest_within(x, 4)
    far, index = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(x.astype(np.float64)).kneighbors()
    np.testing.assert_allclose(np.sqrt(found.squared), far[:, :4], rtol=1e-9)
    assert (found.rows == index[:, :4]).all()


def test_equal_sets_are_perfect_and_far_ones_nothing(digits):
    x = digits["test"][:200]
    same = values(x, x)
    assert (same["precision"], same["recall"], same["coverage"]) == (1, 1, 1)
    rng = np.random.default_rng(0)
    near, far = rng.normal(size=(50, 4)), rng.normal(size=(60, 4)) + 1000
    assert set(values(near, far).values()) == {0}


def test_a_copy_of_a_point_is_at_no_distance():
    # A point and its copy: the first neighbor is the copy, at distance 0, and not the point itself.
    points = np.repeat(np.arange(6.0)[:, None] * 10, 2, axis=0)
    assert pairwise.nearest_within(points.astype(np.float32), 1).squared.max() == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_neither_order_nor_rotation_matters_and_roles_swap(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(40, 3)).astype(np.float32), (rng.normal(size=(35, 3)) * 0.7 + 0.4).astype(np.float32)
    first = values(x, y)
    assert values(x[rng.permutation(40)], y[rng.permutation(35)]) == pytest.approx(first, rel=1e-12)
    turn = ortho_group.rvs(3, random_state=seed)
    assert values(x @ turn + 5, y @ turn + 5) == pytest.approx(first, abs=0.06)  # at most a point or two on an edge
    swapped = values(y, x)
    assert (swapped["precision"], swapped["recall"]) == (first["recall"], first["precision"])


@pytest.mark.parametrize(("dimensions", "spread"), [(2, 0.9), (4, 0.9), (8, 0.5)])
def test_intervals_cover_the_chance_in_the_samples(dimensions, spread):
    rng = np.random.default_rng(dimensions)
    real = rng.normal(size=(300, dimensions))
    found = [manifold(rng.normal(size=(300, dimensions)) * spread, real) for _ in range(60)]
    for name in ("recall", "coverage"):
        drawn = np.array([each[name].value for each in found])
        widths = np.array([np.diff(each[name].interval)[0] for each in found]) / (2 * 1.96)
        of_real = np.sqrt(drawn.mean() * (1 - drawn.mean()) / 300)
        expected = np.hypot(of_real, drawn.std(ddof=1))
        assert np.sqrt((widths**2).mean()) == pytest.approx(expected, rel=0.3)
    for name in ("precision", "recall", "coverage"):
        pairs = [
            Comparison({"a": {name: a[name].as_dict()}, "b": {name: b[name].as_dict()}})
            for a, b in zip(found[::2], found[1::2], strict=True)
        ]
        assert sum(pair.differences()[0].real for pair in pairs) <= 5  # of 30; one or two at 5 %


def test_intervals_hold_their_values_and_say_how(digits):
    for found in manifold(digits["train"][:300], digits["test"][:300]).values():
        low, high = found.interval
        assert low <= found.value <= high
        assert found.interval_by
        assert (found.samples, found.real) == (300, 300)


@pytest.mark.parametrize(
    ("samples", "real", "message"),
    [((3, 3), (9, 3), "at least 4"), ((9, 3), (9, 4), "same means"), ((9, 3), (5, 3), "at least 6")],
)
def test_what_cannot_be_measured_is_refused(samples, real, message):
    with pytest.raises(MeasureError, match=message):
        manifold(np.zeros(samples), np.zeros(real))
