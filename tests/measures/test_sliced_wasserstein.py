"""The sliced Wasserstein distance: SciPy's along each direction, closed forms, and an honest error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from advnets.errors import MeasureError
from advnets.measures.sliced_wasserstein import sliced_wasserstein


@settings(max_examples=20, deadline=None)
@given(st.integers(20, 60), st.integers(20, 60), st.integers(0, 2**31))
def test_along_each_direction_it_is_scipys(n, m, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 3)).astype(np.float32), (rng.normal(size=(m, 3)) + 1).astype(np.float32)
    found = sliced_wasserstein(x, y, order=1, projections=5, seed=4)
    directions = np.random.default_rng(4).normal(size=(5, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    assert found.value == pytest.approx(np.mean([wasserstein_distance(x @ d, y @ d) for d in directions]), rel=1e-5)


def test_a_shift_moves_all_mass_by_its_length_over_the_root_of_the_dimension():
    x = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    shift = np.full(8, 0.5, np.float32)
    found = sliced_wasserstein(x, x + shift, projections=4000)
    assert found.value == pytest.approx(np.linalg.norm(shift) / np.sqrt(8), rel=0.03)
    assert sliced_wasserstein(x, x[::-1]).value == 0


def test_repeating_every_row_changes_nothing():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(60, 3)) * 2
    value = sliced_wasserstein(x, y).value
    assert sliced_wasserstein(np.repeat(x, 3, axis=0), y).value == pytest.approx(value, rel=1e-6)
    assert sliced_wasserstein(y, x).value == pytest.approx(value, rel=1e-9)


def test_the_error_is_that_of_repeated_draws():
    rng = np.random.default_rng(2)
    found = [
        sliced_wasserstein(rng.normal(size=(150, 4)), rng.normal(size=(200, 4)) * 1.5 + 0.5, projections=32)
        for _ in range(150)
    ]
    spread = np.std([each.value for each in found])
    assert np.mean([each.standard_error for each in found]) == pytest.approx(spread, rel=0.2)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(MeasureError, match="at least 20"):
        sliced_wasserstein(np.zeros((19, 2)), np.zeros((30, 2)))
    with pytest.raises(MeasureError, match="projections"):
        sliced_wasserstein(np.zeros((30, 2)), np.zeros((30, 2)), projections=0)
