"""Noise-contrastive estimation against exact integration, closed forms and the adversarial game's own D."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize
from torch import Tensor

from advnets.errors import RecipeError
from advnets.games.costs import minimax_discriminator
from advnets.paper.claims.contrastive_cost import contrastive_cost, contrastive_logits

GRID = torch.linspace(-30, 30, 12_001, dtype=torch.float64)
SPACING = float(GRID[1] - GRID[0])
MEAN, DEVIATION, BROAD = 1.0, 0.5, 3.0
TRUTH = [MEAN, math.log(DEVIATION), 0.0]


def log_normal(x: Tensor, mean: Tensor | float, log_deviation: Tensor | float) -> Tensor:
    log_deviation = torch.as_tensor(log_deviation, dtype=torch.float64)
    return -0.5 * ((x - mean) / log_deviation.exp()) ** 2 - log_deviation - 0.5 * math.log(2 * math.pi)


def noise(x: Tensor) -> Tensor:
    return log_normal(x, 0.0, math.log(BROAD))


def logits(theta: Tensor, x: Tensor, ratio: float = 1.0) -> Tensor:
    """Of a normal with theta's mean, log deviation and constant."""
    return contrastive_logits(log_normal(x, theta[0], theta[1]) + theta[2], noise(x), ratio)


def expected_gradient(values: list[float], ratio: float) -> Tensor:
    """The cost's own slopes at every point of the grid, weighed with the densities of data and noise."""
    theta = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    found = logits(theta, GRID, ratio)
    real, made = (found.detach().requires_grad_() for _ in range(2))
    slopes = torch.autograd.grad(contrastive_cost(real, made, ratio), [real, made])
    densities = log_normal(GRID, MEAN, math.log(DEVIATION)).exp(), noise(GRID).exp()
    cotangent = sum(slope * density for slope, density in zip(slopes, densities, strict=True)) * len(GRID) * SPACING
    return torch.autograd.grad(found, theta, cotangent)[0]


@pytest.mark.parametrize("ratio", [0.5, 1.0, 4.0])
def test_the_expected_gradient_is_zero_at_the_truth_and_not_beside_it(ratio: float) -> None:
    assert expected_gradient(TRUTH, ratio).abs().max() < 1e-12
    for place in range(3):
        beside = [value + 0.1 * (place == other) for other, value in enumerate(TRUTH)]
        assert expected_gradient(beside, ratio).abs().max() > 1e-3


def test_an_unnormalized_model_learns_its_constant() -> None:
    probabilities = (np.arange(20_000) + 0.5) / 20_000
    real, made = (torch.from_numpy(stats.norm.ppf(probabilities, *of)) for of in ((MEAN, DEVIATION), (0.0, BROAD)))

    def cost(values: np.ndarray) -> tuple[float, np.ndarray]:
        """Of a density known up to a constant only: log p = -a (x - m)^2 + c."""
        theta = torch.tensor(values, requires_grad=True)
        found = [contrastive_logits(theta[2] - theta[0].exp() * (x - theta[1]) ** 2, noise(x)) for x in (real, made)]
        value = contrastive_cost(found[0], found[1])
        return float(value.detach()), torch.autograd.grad(value, theta)[0].numpy()

    fitted = minimize(cost, np.zeros(3), jac=True).x
    log_partition = 0.5 * math.log(2 * math.pi * DEVIATION**2)
    np.testing.assert_allclose(fitted, [math.log(1 / (2 * DEVIATION**2)), MEAN, -log_partition], atol=2e-3)


@settings(deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=4), st.lists(st.floats(-50, 50), min_size=1, max_size=4))
def test_with_as_much_noise_as_data_it_is_the_discriminators_cost(real: list[float], made: list[float]) -> None:
    rows = torch.tensor(real, dtype=torch.float64), torch.tensor(made, dtype=torch.float64)
    torch.testing.assert_close(contrastive_cost(*rows), minimax_discriminator(*rows))


def test_a_ratio_weighs_the_noise_whatever_the_rows() -> None:
    real, made = torch.tensor([0.3, -1.0]), torch.tensor([0.5, 2.0, -0.7])
    plain = -(torch.log(torch.sigmoid(real)).mean() + 3 * torch.log(torch.sigmoid(-made)).mean()) / 4
    torch.testing.assert_close(contrastive_cost(real, made, ratio=3.0), plain)
    shifted = contrastive_logits(real, made[:2], ratio=3.0)
    torch.testing.assert_close(shifted, real - made[:2] - math.log(3))


def test_huge_logits_keep_their_cost_and_slope() -> None:
    real, made = torch.tensor([-1e4], requires_grad=True), torch.tensor([1e4], requires_grad=True)
    cost = contrastive_cost(real, made)
    assert float(cost.detach()) == pytest.approx(1e4)
    assert [float(each) for each in torch.autograd.grad(cost, (real, made))] == [-0.5, 0.5]


@pytest.mark.parametrize("ratio", [0.0, -1.0, math.nan])
def test_no_noise_is_refused(ratio: float) -> None:
    with pytest.raises(RecipeError, match="noise rows for each data row"):
        contrastive_logits(torch.zeros(1), torch.zeros(1), ratio)
