"""Columns in standard deviations and back: exact where it can be, rounded as the columns are."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from advnets.data.scale import Scale, fit_scale, scale_of

RNG = np.random.default_rng(0)
COLUMNS = {
    "whole": RNG.integers(-50, 1000, 300).astype(float),
    "tenths": np.round(RNG.normal(5, 1, 300), 1),
    "truth": RNG.integers(0, 2, 300).astype(float),
    "real": RNG.normal(-3, 40, 300),
    "far": 1.7e9 + RNG.normal(0, 2e5, 300),
    "small": RNG.normal(0, 1e-9, 300),
    "constant": np.full(300, 2.5),
}
VALUES = np.stack(list(COLUMNS.values()), 1)
TRAIN = np.flatnonzero(np.arange(300) % 3 > 0)


def fitted() -> Scale:
    return fit_scale(list(COLUMNS), VALUES, TRAIN)


def test_training_rows_have_mean_0_and_deviation_1_as_another_package_has_them() -> None:
    scale = fitted()
    expected = StandardScaler().fit(VALUES[TRAIN])
    points = scale.standardize(VALUES)
    assert (points.dtype, points.shape) == (np.float32, (300, 6))
    np.testing.assert_allclose(points, expected.transform(VALUES)[:, :6], rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(points[TRAIN].mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(points[TRAIN].std(0), 1, atol=1e-5)
    assert scale.names == tuple(COLUMNS)[:6]


def test_what_was_standardized_comes_back() -> None:
    scale = fitted()
    back = scale.restore(scale.standardize(VALUES))
    assert (back.dtype, back.shape) == (np.float64, VALUES.shape)
    rounded = [list(COLUMNS).index(name) for name in ("whole", "tenths", "truth", "constant")]
    np.testing.assert_array_equal(back[:, rounded], VALUES[:, rounded])
    assert (np.abs(back - VALUES) <= 5e-7 * VALUES.std(0)).all()


def test_samples_have_the_decimals_of_their_column() -> None:
    scale = fitted()
    assert scale.decimals == (0, 1, 0, 6, 2, 16, None)
    made = scale.restore(RNG.normal(size=(50, 6)))
    for place, decimals in enumerate(scale.decimals[:5]):
        np.testing.assert_array_equal(made[:, place], np.round(made[:, place], decimals))
    assert (made[:, 6] == 2.5).all()
    assert [scale.is_whole(place) for place in range(7)] == [True, False, True, False, False, False, False]
    assert not np.signbit(made[:, 2][made[:, 2] == 0]).any()


def test_a_scale_survives_json() -> None:
    scale = fit_scale(list(COLUMNS), VALUES, TRAIN, "kind")
    assert scale_of(json.loads(json.dumps(scale.facts()))) == scale
    assert scale_of(None) is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e300, 1e300, allow_nan=False), min_size=3, max_size=8),
    st.sampled_from([1.0, 1e-3, 1e5]),
)
def test_numbers_of_any_size(column: list[float], factor: float) -> None:
    values = np.array(column)[:, None] * min(factor, 1.0)
    scale = fit_scale(["a"], values, np.arange(len(values)))
    deviation = scale.deviations[0]
    if not deviation:
        assert np.ptp(values) <= 1e-300
        np.testing.assert_allclose(scale.restore(np.empty((1, 0))), values[:1], atol=1e-300)
        return
    points = scale.standardize(values)
    assert np.isfinite(points).all()
    assert points.std() == pytest.approx(1, rel=1e-3)
    back = scale.restore(points)
    assert (np.abs(back - values) <= 2e-6 * deviation + 4e-7 * np.abs(values)).all()
