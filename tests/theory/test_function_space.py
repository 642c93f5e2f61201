"""Proposition 2: p_g comes to p_data from any start, never farther from it, at the rate that is promised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from advnets import theory
from advnets.errors import TheoryError


def positive(size: int = 8) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float64, size, elements=st.floats(1e-9, 1)).map(lambda w: w / w.sum())


@given(positive(), positive(), st.floats(0.01, 1))
def test_the_divergence_never_rises_and_falls_as_promised(p: np.ndarray, start: np.ndarray, rate: float) -> None:
    course = theory.descend(p, start, steps=60, rate=rate)
    assert (np.diff(course.divergences) <= 1e-12).all()
    steps = np.arange(1, 61)
    assert (2 * course.divergences[1:] <= theory.kl_divergence(p, start) / (rate * steps) + 1e-12).all()


@given(positive(), positive())
def test_it_comes_to_the_data_from_any_start(p: np.ndarray, start: np.ndarray) -> None:
    course = theory.descend(p, start, steps=400, rate=0.5)
    assert course.distances[-1] < 1e-6
    assert course.p_g == pytest.approx(p, abs=1e-6)


def test_a_whole_step_is_half_of_the_way() -> None:
    p, start = np.array([0.7, 0.2, 0.1, 0.0]), np.array([0.1, 0.1, 0.3, 0.5])
    course = theory.descend(p, start, steps=1, rate=1.0)
    assert course.p_g == pytest.approx((p + start) / 2)
    assert course.distances[1] == pytest.approx(course.distances[0] / 2)


def test_a_step_is_the_gradient_of_the_value_at_the_best_d() -> None:
    p, start = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.2, 0.6])

    def value(q: np.ndarray) -> float:
        best = p / (p + q)
        return float((p * np.log(best) + q * np.log(1 - best)).sum())

    small = 1e-6
    gradient = np.array([(value(start + small * e) - value(start - small * e)) / (2 * small) for e in np.eye(3)])
    moved = theory.descend(p, start, steps=1, rate=1e-3).p_g
    raised = start * np.exp(-1e-3 * gradient)
    assert moved == pytest.approx(raised / raised.sum(), abs=1e-9)


def test_at_the_data_nothing_moves() -> None:
    p = np.array([0.25, 0.75])
    assert theory.descend(p, p, steps=5).p_g == pytest.approx(p, abs=1e-15)


def test_densities_keep_their_spacing() -> None:
    p, start = np.array([2.0, 6.0]), np.array([4.0, 4.0])
    course = theory.descend(p, start, steps=100, rate=1.0, spacing=0.125)
    assert course.p_g.sum() * 0.125 == pytest.approx(1)
    assert course.distances[0] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("p", "start", "options", "says"),
    [
        ([0.5, 0.5], [1.0, 0.0], {}, "0 where p_data is not"), ([0.5, 0.5], [0.5, 0.5], {"rate": 2.0}, "rate of 2"),
        ([0.5, 0.5], [0.2, 0.3, 0.5], {}, "shapes"), ([0.5, 0.5], [0.5, 0.5], {"steps": -1}, "-1 steps"),
    ],
)  # fmt: skip
def test_what_cannot_descend_is_refused(p: list[float], start: list[float], options: dict, says: str) -> None:
    with pytest.raises(TheoryError, match=says):
        theory.descend(p, start, **options)
