"""Divergences against SciPy and closed forms; Proposition 1 and Theorem 1 on random pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.optimize import minimize_scalar
from scipy.special import rel_entr

from advnets import theory
from advnets.errors import TheoryError

GRID = np.linspace(-20, 20, 20_001)
SPACING = GRID[1] - GRID[0]


def normal(mean: float, deviation: float) -> np.ndarray:
    values = np.exp(-(((GRID - mean) / deviation) ** 2) / 2)  # the tails end in the smallest numbers there are
    return values / (values.sum() * SPACING)


def distributions(size: int = 12, least: float = 1e-12) -> st.SearchStrategy[np.ndarray]:
    weights = arrays(np.float64, size, elements=st.floats(0, 1).map(lambda x: x if x > least else 0.0))
    return weights.filter(lambda w: w.sum() > 1e-3).map(lambda w: w / w.sum())


@given(distributions(), distributions())
def test_discrete_values_are_scipys(p: np.ndarray, q: np.ndarray) -> None:
    assert theory.entropy(p) == pytest.approx(stats.entropy(p), abs=1e-12)
    assert theory.kl_divergence(p, q) == pytest.approx(stats.entropy(p, q), rel=1e-9, abs=1e-12)
    middle = (p + q) / 2
    expected = (stats.entropy(p, middle) + stats.entropy(q, middle)) / 2
    assert theory.jensen_shannon_divergence(p, q) == pytest.approx(expected, abs=1e-12)


@given(distributions(), distributions())
def test_cross_entropy_is_entropy_and_divergence(p: np.ndarray, q: np.ndarray) -> None:
    expected = theory.entropy(p) + theory.kl_divergence(p, q)
    assert theory.cross_entropy(p, q) == pytest.approx(expected, abs=1e-9)


def test_densities_of_gaussians_have_their_closed_forms() -> None:
    p, q = normal(0.5, 1.0), normal(-1.0, 2.0)
    assert theory.entropy(p, SPACING) == pytest.approx(0.5 * math.log(2 * math.pi * math.e), abs=1e-9)
    expected = math.log(2.0) + (1.0 + 1.5**2) / (2 * 4.0) - 0.5
    assert theory.kl_divergence(p, q, SPACING) == pytest.approx(expected, abs=1e-9)
    assert theory.entropy(normal(0, 0.1), SPACING) < 0


def test_zeros_are_their_limits() -> None:
    p, q = np.array([0.5, 0.5, 0.0]), np.array([1.0, 0.0, 0.0])
    assert theory.kl_divergence(p, q) == theory.cross_entropy(p, q) == math.inf
    assert theory.kl_divergence(q, p) == pytest.approx(math.log(2))
    apart = np.array([0.0, 0.0, 1.0])
    assert theory.jensen_shannon_divergence(q, apart) == pytest.approx(math.log(2))
    assert theory.criterion(q, apart) == 0
    assert theory.entropy(apart) == 0
    assert np.isnan(theory.optimal_discriminator(q, q)[1])


@given(distributions(least=0), distributions(least=0))
def test_theorem_1_holds(p: np.ndarray, q: np.ndarray) -> None:
    value, divergence = theory.criterion(p, q), theory.jensen_shannon_divergence(p, q)
    assert value == pytest.approx(-math.log(4) + 2 * divergence, abs=1e-9)
    assert -math.log(4) - 1e-12 <= value <= 1e-12
    assert theory.criterion(p, p) == pytest.approx(-math.log(4), abs=1e-12)
    assert np.nanmax(np.abs(theory.optimal_discriminator(p, p) - 0.5)) == 0


@pytest.mark.parametrize("deviations", [(0.1, 0.5), (0.2, 3)])
def test_theorem_1_holds_for_densities(deviations: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        p, q = (normal(rng.normal(0, 3), rng.uniform(*deviations)) for _ in range(2))
        value = theory.criterion(p, q, SPACING)
        assert value == pytest.approx(-math.log(4) + 2 * theory.jensen_shannon_divergence(p, q, SPACING), abs=1e-9)


@given(st.floats(1e-3, 10), st.floats(1e-3, 10))
def test_proposition_1_is_where_the_integrand_peaks(real: float, made: float) -> None:
    best = minimize_scalar(
        lambda d: -(real * math.log(d) + made * math.log1p(-d)), bounds=(1e-9, 1 - 1e-9), method="bounded",
        options={"xatol": 1e-10},
    ).x  # fmt: skip
    assert float(theory.optimal_discriminator([real], [made])[0]) == pytest.approx(best, abs=1e-5)


@given(distributions(least=0), distributions(least=0))
@example(np.array([5e-324, 1]), np.array([0.0, 1]))
def test_divergences_are_what_divergences_are(p: np.ndarray, q: np.ndarray) -> None:
    there, back = theory.jensen_shannon_divergence(p, q), theory.jensen_shannon_divergence(q, p)
    assert there == pytest.approx(back, abs=1e-15)
    assert 0 <= there <= math.log(2)
    assert theory.kl_divergence(p, q) >= 0
    assert theory.kl_divergence(p, p) == 0


def test_the_smallest_numbers_are_numbers() -> None:
    tiny = 5e-324
    assert theory.jensen_shannon_divergence([tiny, 1.0], [0.0, 1.0]) == pytest.approx(0, abs=1e-12)
    apart = np.array([tiny, 8.0]), np.array([8.0, tiny])
    assert theory.jensen_shannon_divergence(*apart, 1 / 8) == pytest.approx(math.log(2))
    assert theory.criterion(*apart, 1 / 8) == pytest.approx(0, abs=1e-12)


def test_huge_densities_do_not_overflow() -> None:
    assert theory.optimal_discriminator([1.5e308], [1.5e308])[0] == 0.5


@pytest.mark.parametrize(
    ("p", "q", "says"),
    [
        ([0.5, 0.6], [0.5, 0.5], "sums to 1.1"), ([-0.5, 1.5], [0.5, 0.5], "below 0"), ([], [0.5, 0.5], "empty"),
        ([0.5, 0.5], [0.2, 0.3, 0.5], "shapes"), ([math.nan, 1.0], [0.5, 0.5], "not finite"),
    ],
)  # fmt: skip
def test_what_is_no_distribution_is_refused(p: list[float], q: list[float], says: str) -> None:
    with pytest.raises(TheoryError, match=says):
        theory.kl_divergence(p, q)


def test_a_spacing_is_a_length() -> None:
    with pytest.raises(TheoryError, match="a spacing of 0"):
        theory.entropy([1.0], 0.0)


@given(distributions(), distributions(), arrays(np.float64, 12, elements=st.floats(0.01, 0.99)))
def test_what_d_gives_away_is_a_divergence_of_its_opinions(p: np.ndarray, q: np.ndarray, opinion: np.ndarray) -> None:
    best, middle = theory.optimal_discriminator(p, q), (p + q) / 2
    lost = theory.criterion(p, q) - theory.value(opinion, p, q)
    there = middle > 0
    bernoulli = rel_entr(best, opinion) + rel_entr(1 - best, 1 - opinion)  # of what D* and D say
    assert lost == pytest.approx(2 * float((middle * bernoulli)[there].sum()), abs=1e-9)
    assert lost >= 4 * float((middle * (opinion - best) ** 2)[there].sum()) - 1e-12


def test_the_value_of_the_best_d_is_the_criterion() -> None:
    p, q = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.3, 0.7])
    assert theory.value(theory.optimal_discriminator(p, q), p, q) == pytest.approx(theory.criterion(p, q), abs=1e-12)
    assert theory.value([0.0, 0.5, 0.5], p, q) == -np.inf
    with pytest.raises(TheoryError, match="above 1"):
        theory.value([1.5, 0.5, 0.5], p, q)
