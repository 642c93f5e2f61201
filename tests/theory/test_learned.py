"""A trained D comes to D* where it has the capacity and the samples, and not otherwise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from advnets import theory
from advnets.errors import TheoryError
from advnets.theory.learned import fit_discriminator, logits_at

GRID = np.linspace(-6, 6, 1201)
STEP = float(GRID[1] - GRID[0])
DATA, MADE = stats.norm(0, 1), stats.norm(0, 2)
P, Q = (each.pdf(GRID) / (each.pdf(GRID).sum() * STEP) for each in (DATA, MADE))


def lost(width: int, count: int) -> float:
    """C(G) - V(D, G), of a D of that width trained on so many samples."""
    rng = np.random.default_rng(0)
    samples = [each.rvs(count, random_state=rng) for each in (DATA, MADE)]
    D = fit_discriminator(*samples, hidden=(width, width), steps=800)
    opinion = 1 / (1 + np.exp(-logits_at(D, GRID)))
    return theory.criterion(P, Q, STEP) - theory.value(opinion, P, Q, STEP)


def test_capacity_and_samples_bring_it_near() -> None:
    wide = lost(32, 20_000)
    assert 0 <= wide < 0.005
    assert lost(1, 20_000) > 3 * wide  # D* bends twice
    assert lost(32, 30) > 10 * wide


def test_a_fit_is_a_function_of_its_seed_and_leaves_other_draws_alone() -> None:
    x, y = np.arange(20.0), np.arange(20.0) + 1
    torch.manual_seed(5)
    first = logits_at(fit_discriminator(x, y, (4,), 10, seed=1), x)
    drawn = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(3), drawn)
    assert (logits_at(fit_discriminator(x, y, (4,), 10, seed=1), x) == first).all()
    assert (logits_at(fit_discriminator(x, y, (4,), 10, seed=2), x) != first).any()


def test_samples_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(TheoryError, match="1 and 2 values"):
        fit_discriminator(np.zeros((5, 1)), np.zeros((5, 2)), (4,), 10)
    with pytest.raises(TheoryError, match="at least one"):
        fit_discriminator(np.zeros((0, 1)), np.zeros((5, 1)), (4,), 10)
