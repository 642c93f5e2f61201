"""The priors of z: their ranges and moments, and that a seed fixes them."""

from __future__ import annotations

import math

import pytest
import torch
from scipy import stats

from advnets.errors import RecipeError
from advnets.games.priors import PRIORS, draw

every_prior = pytest.mark.parametrize("name", PRIORS)


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@every_prior
def test_each_coordinate_has_mean_zero_and_unit_variance_and_none_are_correlated(name: str) -> None:
    z = draw(name, 100_000, 4, source())
    torch.testing.assert_close(z.mean(0), torch.zeros(4), atol=0.015, rtol=0)
    torch.testing.assert_close(z.T @ z / len(z), torch.eye(4), atol=0.02, rtol=0)


def test_uniform_fills_its_interval() -> None:
    z = draw("uniform", 10_000, 10, source())
    edge = math.sqrt(3)
    assert z.abs().max() <= edge
    assert z.min() < 0.999 * -edge
    assert z.max() > 0.999 * edge
    torch.testing.assert_close((z < 0.5 * edge).float().mean(), torch.tensor(0.75), atol=0.01, rtol=0)


def test_gaussian_has_gaussian_tails() -> None:
    z = draw("gaussian", 100_000, 2, source())
    torch.testing.assert_close((z.abs() < 1.96).float().mean(), torch.tensor(0.95), atol=0.005, rtol=0)


@pytest.mark.parametrize("dimension", [1, 2, 100])
def test_sphere_has_radius_root_dimension(dimension: int) -> None:
    z = draw("sphere", 500, dimension, source())
    torch.testing.assert_close(z.norm(dim=1), torch.full((500,), math.sqrt(dimension)))


def test_rademacher_has_signs_alone_and_every_one_of_them() -> None:
    z = draw("rademacher", 4096, 3, source())
    kinds, counts = z.unique(dim=0, return_counts=True)
    assert kinds.abs().eq(1).all()
    assert len(kinds) == 8
    assert stats.chisquare(counts.numpy()).pvalue > 1e-3


@every_prior
def test_the_same_seed_gives_the_same_vectors_in_any_precision(name: str) -> None:
    z = draw(name, 8, 16, source(7))
    assert torch.equal(z, draw(name, 8, 16, source(7)))
    assert torch.equal(z.double(), draw(name, 8, 16, source(7), dtype=torch.float64))
    assert torch.equal(z.bfloat16(), draw(name, 8, 16, source(7), dtype=torch.bfloat16))
    assert not torch.equal(z, draw(name, 8, 16, source(8)))


@every_prior
def test_shape_dtype_device_and_an_empty_draw(name: str) -> None:
    z = draw(name, 3, 5, source(), device="cpu", dtype=torch.float64)
    assert z.shape == (3, 5)
    assert z.dtype == torch.float64
    assert draw(name, 0, 5, source()).shape == (0, 5)
    assert draw(name, 2, 5, source(), device="meta").device.type == "meta"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=r"'cauchy'.*uniform, gaussian, sphere, rademacher"):
        draw("cauchy", 1, 1, source())
