"""The Frechet distance: closed forms, SciPy's square root, invariances, and an error that is the true one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.stats import ortho_group

import advnets.measures.frechet as module
from advnets.errors import MeasureError
from advnets.measures.frechet import GaussianStatistics, frechet, frechet_distance, frechet_infinity

seeds = st.integers(0, 2**32 - 1)


def plain(x: np.ndarray, y: np.ndarray) -> float:
    """The formula with a matrix square root of the product, in float64."""
    a, b = np.cov(x.astype(np.float64), rowvar=False), np.cov(y.astype(np.float64), rowvar=False)
    gap = x.mean(0, dtype=np.float64) - y.mean(0, dtype=np.float64)
    return float(gap @ gap + np.trace(a + b - 2 * sqrtm(a @ b).real))


def gaussian(seed: int, count: int = 400, width: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, width)) @ rng.normal(size=(width, width)) + rng.normal(size=width)).astype(
        np.float32
    )


def test_between_known_gaussians():
    a = GaussianStatistics(10, np.zeros(3), np.diag([1.0, 4.0, 9.0]))
    b = GaussianStatistics(10, np.array([1.0, 2.0, 2.0]), np.diag([4.0, 4.0, 1.0]))
    assert frechet_distance(a, b) == pytest.approx(9 + (1 - 2) ** 2 + 0 + (3 - 1) ** 2, rel=1e-12)
    flat = GaussianStatistics(10, np.zeros(3), np.diag([1.0, 0.0, 0.0]))
    assert frechet_distance(flat, a) == pytest.approx((1 - 1) ** 2 + 4 + 9, rel=1e-9)


def test_between_gaussians_whose_axes_differ():
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(2, 5, 5))
    a = GaussianStatistics(10, np.zeros(5), first @ first.T)
    b = GaussianStatistics(10, np.ones(5), second @ second.T)
    root = sqrtm(a.covariance)
    inner = sqrtm(root @ b.covariance @ root)
    expected = 5 + np.trace(a.covariance + b.covariance - 2 * inner.real)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-10)


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_it_is_the_formula_symmetric_and_blind_to_rotations(seed):
    x, y = gaussian(seed), gaussian(seed + 1)
    value = frechet(x, y).value
    assert value == pytest.approx(plain(x, y), rel=1e-6)
    assert frechet(y, x).value == pytest.approx(value, rel=1e-8)
    turn, shift = ortho_group.rvs(6, random_state=seed % 2**31), np.full(6, 3.0)
    assert frechet(x @ turn + shift, y @ turn + shift).value == pytest.approx(value, rel=1e-4)
    assert frechet(3 * x, 3 * y).value == pytest.approx(9 * value, rel=1e-5)


def test_equal_sets_are_at_no_distance(digits):
    x = digits["test"][:1500].reshape(1500, -1)
    found = frechet(x, x)  # the border is always black: the covariance is singular
    assert abs(found.value) < 1e-6  # of a trace of 50
    assert found.interval[0] == 0


@pytest.mark.filterwarnings("ignore::scipy.linalg.LinAlgWarning")
def test_singular_covariances_of_real_digits(digits):
    x, y = digits["train"][:1200], digits["test"][:1000]
    x, y = (z[:, 0, ::2, ::2].reshape(len(z), -1) / np.float32(255) for z in (x, y))
    assert frechet(x, y).value == pytest.approx(plain(x, y), rel=1e-3)  # sqrtm loses digits, where zeros are


def test_fewer_samples_than_features(digits):
    x, y = digits["train"][:100, 0].reshape(100, -1), digits["test"][:900, 0].reshape(900, -1)
    found = frechet(x, y)
    assert found.details["rank_deficient"]
    assert "jackknife" in found.interval_by
    a, b = GaussianStatistics.of(x), GaussianStatistics.of(y)
    assert found.value == pytest.approx(frechet_distance(a, b), rel=1e-6)
    assert found.value == pytest.approx(frechet_distance(b, a), rel=1e-6)


def test_statistics_are_numpys(monkeypatch):
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 300)
    x = gaussian(5, 1000) + 1000  # far from the origin, where naive sums cancel
    found = GaussianStatistics.of(x)
    assert found.count == 1000
    np.testing.assert_allclose(found.mean, x.mean(0, dtype=np.float64), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(x.astype(np.float64), rowvar=False), rtol=1e-9)


def test_pixels_count_as_values_from_zero_to_one(digits, monkeypatch):
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 120)
    x = digits["test"][:500, 0].reshape(500, -1)
    found = GaussianStatistics.of(x)
    np.testing.assert_allclose(found.mean, (x / 255).mean(0), atol=1e-14)
    np.testing.assert_allclose(found.covariance, np.cov(x / 255, rowvar=False), atol=1e-14)


@pytest.mark.parametrize("count", [20, 400])
def test_a_generator_that_makes_one_image_is_measured(count):
    rng = np.random.default_rng(0)
    real, point = rng.normal(size=(300, 30)).astype(np.float32), np.ones((count, 30), np.float32)
    expected = np.square(1 - real.mean(0, dtype=np.float64)).sum() + real.var(0, ddof=1, dtype=np.float64).sum()
    assert frechet(point, real).value == pytest.approx(expected, rel=1e-6)
    found = frechet(point, point)
    assert (found.value, found.interval) == (0, (0, 0))


@pytest.mark.parametrize("count", [3, 4, 11])
def test_a_handful_of_samples_have_an_error(count):
    rng = np.random.default_rng(count)
    found = frechet(rng.normal(size=(count, 50)), rng.normal(size=(200, 50)))
    assert found.interval[0] < found.value < found.interval[1]
    assert found.standard_error > 0


@pytest.mark.parametrize(("count", "scale"), [(500, 1.0), (500, 1.3), (1000, 1.3)])
def test_infinity_says_so_where_samples_are_few_beside_features(count, scale):
    rng = np.random.default_rng(count)
    exact, truth = GaussianStatistics(10**9, np.zeros(200), np.eye(200)), 200 * (scale - 1) ** 2
    found = frechet_infinity(rng.normal(size=(count, 200)) * scale, exact)
    assert found.interval[0] < truth < found.interval[1]
    assert abs(found.value - truth) < 0.2 * (found.details["frechet"] - truth)


@pytest.mark.parametrize("count", [60, 400])
def test_the_error_is_that_of_repeated_draws(count):
    rng = np.random.default_rng(count)
    mix = rng.normal(size=(10, 10))
    found = [
        frechet(
            (rng.normal(size=(count, 10)) @ mix).astype(np.float32),
            (rng.normal(size=(count, 10)) * 2).astype(np.float32),
        )
        for _ in range(200)
    ]
    spread = np.std([each.value for each in found])
    assert np.mean([each.standard_error for each in found]) == pytest.approx(spread, rel=0.15)


def test_the_jackknife_errs_on_the_side_of_width():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(500, 60)).astype(np.float32)
    found = [frechet(rng.normal(size=(50, 60)) * 1.3, GaussianStatistics.of(real)) for _ in range(100)]
    spread = np.std([each.value for each in found])
    assert 0.7 * spread < np.mean([each.standard_error for each in found]) < 2 * spread


def test_cached_statistics_of_real_images_do():
    x, y = gaussian(1), gaussian(2)
    found = frechet(x, GaussianStatistics.of(y))
    assert found.value == pytest.approx(frechet(x, y).value, rel=1e-12)
    assert found.standard_error < frechet(x, y).standard_error
    assert found.interval_by == "delta method, over the samples"


def test_infinitely_many_samples_of_the_same_are_at_no_distance():
    rng = np.random.default_rng(1)
    exact = GaussianStatistics(10**9, np.zeros(12), np.eye(12))
    values = [frechet_infinity(rng.normal(size=(1500, 12)), exact, seed=seed).value for seed in range(30)]
    biased = frechet(rng.normal(size=(1500, 12)), exact).value
    assert abs(np.mean(values)) < 0.15 * biased
    shifted = [frechet_infinity(rng.normal(size=(500, 12)) + 1, exact, seed=seed) for seed in range(100)]
    assert sum(found.interval[0] <= 12 <= found.interval[1] for found in shifted) >= 90
    assert np.mean([found.details["frechet"] - found.value for found in shifted]) > 0
    assert abs(np.mean([found.value for found in shifted]) - 12) < 0.1


def test_infinity_takes_the_statistics_of_the_real_images_once(monkeypatch):
    x, y = gaussian(1, 300), gaussian(2, 777)
    known, counts = GaussianStatistics.of(y), []
    moments = module._moments
    monkeypatch.setattr(module, "_moments", lambda rows: counts.append(len(rows)) or moments(rows))
    found = frechet_infinity(x, y)
    assert counts.count(777) == 1
    assert found.details["frechet"] == frechet(x, y).value
    assert found.details["values"] == frechet_infinity(x, known).details["values"]


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(MeasureError, match="same means"):
        frechet(np.zeros((9, 3)), np.zeros((9, 4)))
    with pytest.raises(MeasureError, match="at least 3"):
        frechet(np.zeros((2, 3)), np.zeros((9, 3)))
    with pytest.raises(MeasureError, match="at least 2"):
        GaussianStatistics.of(np.zeros((1, 3)))
    with pytest.raises(MeasureError, match="at least 100"):
        frechet_infinity(np.zeros((99, 3)), np.zeros((200, 3)))
    with pytest.raises(MeasureError, match="more samples than features"):
        frechet_infinity(np.zeros((100, 100)), np.zeros((200, 100)))
    with pytest.raises(MeasureError, match="4 sizes"):
        frechet_infinity(np.zeros((100, 3)), np.zeros((200, 3)), sizes=2)
    with pytest.raises(MeasureError, match="not finite"):
        GaussianStatistics.of(np.full((3, 2), np.nan))
