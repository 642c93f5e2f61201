"""The bound on JSD that a D proves: below the divergence as often as promised, and close to it with many samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from advnets import theory
from advnets.errors import TheoryError

GRID = np.linspace(-12, 12, 6001)
STEP = float(GRID[1] - GRID[0])
DATA, MADE = stats.norm(0, 1), stats.norm(1, 1)
JSD = theory.jensen_shannon_divergence(DATA.pdf(GRID), MADE.pdf(GRID), STEP)


def logits(x: np.ndarray) -> np.ndarray:
    """Of D*."""
    return DATA.logpdf(x) - MADE.logpdf(x)


def bound(count: int, seed: int, shift: float = 0.0, confidence: float = 0.95) -> theory.Bound:
    rng = np.random.default_rng(seed)
    real, made = DATA.rvs(count, random_state=rng), MADE.rvs(count, random_state=rng)
    return theory.jsd_bound(logits(real) + shift, logits(made) + shift, confidence)


def test_the_best_d_comes_close_with_many_samples() -> None:
    found = bound(400_000, 0)
    assert found.estimate == pytest.approx(JSD, abs=2e-3)
    assert JSD - 0.01 < found.low < JSD


def test_few_samples_can_prove_nothing_so_small() -> None:
    assert bound(300, 0).slack > JSD > bound(10_000, 0).slack
    assert bound(10_000, 0).low == bound(10_000, 0).estimate - bound(10_000, 0).slack


def test_it_holds_at_least_as_often_as_promised() -> None:
    lows = [bound(300, seed, confidence=0.5).low for seed in range(200)]
    assert np.mean(np.array(lows) <= JSD) >= 0.5
    assert max(lows) > 0


def test_a_worse_d_proves_less() -> None:
    assert bound(100_000, 0, shift=1.0).estimate < bound(100_000, 0).estimate - 0.01


def test_a_d_that_is_wrong_proves_nothing_but_is_no_error() -> None:
    found = theory.jsd_bound(-logits(DATA.rvs(100, random_state=0)), -logits(MADE.rvs(100, random_state=1)))
    assert found.estimate < 0
    assert found.low == 0


def test_extreme_logits_are_clipped() -> None:
    found = theory.jsd_bound(np.full(10_000, 1e6), np.full(10_000, -1e6))
    assert np.log(2) - 0.02 < found.low < found.estimate < np.log(2)


@pytest.mark.parametrize(
    ("real", "fake", "options"),
    [([1.0], [0.0, 1.0], {}), ([np.nan, 1.0], [0.0, 1.0], {}), ([0.0, 1.0], [0.0, 1.0], {"confidence": 1.0})],
)
def test_what_proves_nothing_is_refused(real: list[float], fake: list[float], options: dict[str, float]) -> None:
    with pytest.raises(TheoryError):
        theory.jsd_bound(real, fake, **options)


def test_logits_may_be_as_large_as_one_likes() -> None:
    bound = theory.jsd_bound(np.full(2000, 800.0), np.full(2000, -800.0), most=1000)
    assert bound.estimate == pytest.approx(math.log(2))
    assert bound.low == 0  # so wide a range proves nothing from so few samples
    with pytest.raises(TheoryError, match="finite"):
        theory.jsd_bound(np.zeros(5), np.zeros(5), most=math.inf)
