"""The distributions of the latent vector z. Each has mean zero and unit variance in every coordinate."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import normalize

from advnets.config.names import register_prior
from advnets.errors import RecipeError

Prior = Callable[[int, int, torch.Generator], Tensor]
"""(count, dimension, random generator) -> float32 (count, dimension), on the random generator's device."""


def register(name: str, prior: Prior) -> None:
    """Let recipes name a prior of one's own."""
    PRIORS[name] = prior
    register_prior(name)


def draw(
    name: str,
    count: int,
    dimension: int,
    generator: torch.Generator,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Draw latent vectors.

    The numbers are drawn in float32 on the random generator's own device and converted after, so that the
    same seed gives the same vectors whatever the precision, and on any device that a CPU generator feeds.

    Args:
        name: a key of `PRIORS`.
        count: the number of vectors, >= 0.
        dimension: their length, >= 1.
        generator: the source of randomness; it advances.
        device: where the vectors go; the random generator's device by default.
        dtype: their type.

    Returns:
        (count, dimension).

    Raises:
        RecipeError: there is no such prior; the message lists those there are.
    """
    if name not in PRIORS:
        raise RecipeError(f"unknown prior {name!r}", f"choose one of {', '.join(PRIORS)}")
    return PRIORS[name](count, dimension, generator).to(device or generator.device, dtype)


def uniform(count: int, dimension: int, generator: torch.Generator) -> Tensor:
    """z uniform on [-sqrt 3, sqrt 3): unit variance, as in the authors' code (pylearn2's default noise)."""
    z = torch.empty(count, dimension, device=generator.device)
    return z.uniform_(-math.sqrt(3), math.sqrt(3), generator=generator)


def gaussian(count: int, dimension: int, generator: torch.Generator) -> Tensor:
    """z ~ N(0, I)."""
    return torch.randn(count, dimension, generator=generator, device=generator.device)


def sphere(count: int, dimension: int, generator: torch.Generator) -> Tensor:
    """z uniform on the sphere of radius sqrt(dimension): where nearly all of N(0, I) lies, and unit variance.

    Source: White 2016, section 2 (why paths between latent vectors should keep their length).
    """
    return normalize(gaussian(count, dimension, generator), dim=1) * math.sqrt(dimension)


PRIORS: dict[str, Prior] = {"uniform": uniform, "gaussian": gaussian, "sphere": sphere}
"""The priors by name."""


def inside(name: str, z: Tensor) -> Tensor:
    """The latent vectors nearest to `z` that the prior can draw; `z` itself where it can draw any, or nobody knows.

    Args:
        name: of the prior.
        z: float, (count, dimension).
    """
    if name == "uniform":
        return z.clamp(-math.sqrt(3), math.sqrt(3))
    if name == "sphere":
        return normalize(z, dim=1) * math.sqrt(z.shape[1])
    return z
