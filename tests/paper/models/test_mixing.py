"""How fast chains mix, against autoregressions, of which everything is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from advnets.errors import MeasureError
from advnets.paper.models.mixing import autocorrelation_time, scale_reduction


def autoregression(phi: float, shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Chains of x_t = phi x_(t-1) + noise, started at their stationary distribution."""
    noise = np.random.default_rng(seed).normal(size=shape)
    noise[:, 0] /= math.sqrt(1 - phi**2)
    return lfilter([1.0], [1.0, -phi], noise, axis=1)


@pytest.mark.parametrize(("phi", "shape"), [(0.9, (1, 1_000_000)), (0.5, (1, 50_000)), (0.8, (100, 1000))])
def test_an_autoregression_has_its_closed_form_time(phi: float, shape: tuple[int, int]) -> None:
    found = autocorrelation_time(autoregression(phi, shape))
    expected = (1 + phi) / (1 - phi)
    assert abs(found.time - expected) < 3 * found.standard_error + 0.01 * expected
    assert found.standard_error < 0.1 * expected
    assert found.length == shape[0] * shape[1]


def test_independent_draws_take_one_step_each() -> None:
    found = autocorrelation_time(np.random.default_rng(0).normal(size=50_000))
    assert found.time == pytest.approx(1, abs=3 * found.standard_error)


def test_chains_that_stay_where_they_are_count_as_slow() -> None:
    mixed = autoregression(0.5, (20, 2000))
    stuck = mixed + np.arange(20)[:, None]
    assert autocorrelation_time(mixed).time < 5
    with pytest.raises(MeasureError, match="give at least"):
        autocorrelation_time(stuck)


@pytest.mark.parametrize("apart", [0.0, 0.1, 1.0, 10.0])
def test_scale_reduction_tells_how_far_chains_stay_apart(apart: float) -> None:
    places = apart * np.arange(20)[:, None]
    found = scale_reduction(np.random.default_rng(0).normal(size=(20, 20_000)) + places)
    assert found == pytest.approx(math.sqrt(1 + apart**2 * 35), rel=0.01)  # 0 to 19 have a variance of 35


def test_scale_reduction_sees_slow_chains_that_autocorrelation_sees() -> None:
    fast, slow = (scale_reduction(autoregression(phi, (20, 2_000))) for phi in (0.5, 0.999))
    assert 0.999 < fast < 1.003
    assert slow > 1.1


def test_chains_that_never_move_are_infinitely_far_apart() -> None:
    assert scale_reduction(np.repeat([[1.0], [2.0]], 10, axis=1)) == math.inf


@pytest.mark.parametrize("series", [np.arange(100.0), np.ones((3, 10)), np.ones((3, 1)), [[1.0, math.nan]] * 2])
def test_what_tells_nothing_of_mixing_is_refused(series: np.ndarray) -> None:
    with pytest.raises(MeasureError):
        scale_reduction(series)


@pytest.mark.parametrize("series", [np.zeros(100), [1.0], [1.0, math.nan, 2.0], np.arange(100.0)])
def test_a_series_that_tells_nothing_is_refused(series: np.ndarray) -> None:
    with pytest.raises(MeasureError):
        autocorrelation_time(series)
