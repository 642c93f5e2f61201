"""The Frechet distance of few real images: the formula's, and an error that is that of repeated draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import svdvals

from advnets.measures.frechet import GaussianStatistics, frechet, frechet_distance


def draws(seed: int, count: int, width: int, scale: float = 1.0) -> np.ndarray:
    deviations = scale * np.arange(1, width + 1) ** -0.5
    return (np.random.default_rng(seed).normal(size=(count, width)) * deviations + scale).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**20), st.integers(3, 60), st.integers(2, 40))
def test_it_is_the_distance_of_the_covariances_whoever_has_fewer(seed: int, ours: int, theirs: int) -> None:
    x, y = draws(seed, ours, 40), draws(seed + 1, theirs, 40, 1.3)
    value = frechet(x, y).value
    assert value == pytest.approx(frechet_distance(GaussianStatistics.of(x), GaussianStatistics.of(y)), rel=1e-5)
    if ours <= 40 and theirs > 2:
        assert frechet(y, x).value == pytest.approx(value, rel=1e-7)


def test_it_is_the_sum_of_singular_values() -> None:
    x, y = (z.astype(np.float64) for z in (draws(0, 70, 90), draws(1, 30, 90, 1.3)))
    roots = svdvals((x - x.mean(0)) @ (y - y.mean(0)).T / np.sqrt(69 * 29)).sum()
    traces = x.var(0, ddof=1).sum() + y.var(0, ddof=1).sum()
    assert frechet(x, y).value == pytest.approx(np.square(x.mean(0) - y.mean(0)).sum() + traces - 2 * roots, rel=1e-6)


def test_no_covariance_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GaussianStatistics, "of", lambda *_: pytest.fail("a covariance of 5,000 x 5,000"))
    found = frechet(draws(0, 300, 5000), draws(1, 24, 5000))
    assert found.details["rank_deficient"]
    assert (found.samples, found.real) == (300, 24)
    assert found.interval_by == "delta method, over the samples and the real images"


def test_equal_sets_are_at_no_distance_and_one_image_for_ever_is_measured() -> None:
    x, y = draws(0, 30, 50), draws(1, 20, 50)
    same = [frechet(rows, rows) for rows in (x, *(draws(seed, 24, 5000) for seed in range(4)))]
    assert all(each.interval[0] <= each.value <= each.interval[1] + 1e-9 for each in same)
    assert all(0 <= each.value < 1e-6 for each in same)
    point = np.ones((400, 50), np.float32)
    expected = np.square(1 - y.mean(0, dtype=np.float64)).sum() + y.var(0, ddof=1, dtype=np.float64).sum()
    assert frechet(point, y).value == pytest.approx(expected, rel=1e-6)
    assert frechet(point, point[:20]).interval == (0, 0)


@pytest.mark.parametrize(("ours", "theirs"), [(100, 24), (40, 60)])
def test_the_error_is_that_of_repeated_draws_of_both(ours: int, theirs: int) -> None:
    found = [frechet(draws(seed, ours, 100, 1.2), draws(seed + 1000, theirs, 100)) for seed in range(100)]
    middle, spread = np.mean([each.value for each in found]), np.std([each.value for each in found])
    assert np.mean([each.standard_error for each in found]) == pytest.approx(spread, rel=0.25)
    assert np.mean([each.interval[0] < middle < each.interval[1] for each in found]) > 0.9
