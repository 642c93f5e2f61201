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


def rademacher(count: int, dimension: int, generator: torch.Generator) -> Tensor:
    """z of -1 and 1, as often: what a continuous G needs to make modes with nothing between them.

    Source: Brock et al. 2019, appendix E (Bernoulli latents, here of unit variance); Khayatkhoei et al. 2018 (why a
    continuous G of a connected prior puts samples between modes).
    """
    return _signs(torch.rand(count, dimension, generator=generator, device=generator.device) - 0.5)


def truncated(name: str, z: Tensor, share: float) -> Tensor:
    """Latents of the middle of a prior: the same draws, squeezed, so that they move with `share` and never jump.

    Source: Brock et al. 2019, section 3.1 (the truncation trick). A gaussian's values become those of a normal
    distribution cut at `share` standard deviations, quantile by quantile; a uniform prior's those of the inner `share`
    of its range.

    Args:
        name: the prior.
        z: float32 (N, latent), drawn from it.
        share: above 0.

    Raises:
        RecipeError: latents of this prior have no middle, or `share` is all of a uniform prior's range.
    """
    if name == "gaussian":
        low = torch.special.ndtr(torch.tensor(-share, dtype=torch.float64))
        inner = low + torch.special.ndtr(z.double()) * (1 - 2 * low)
        return torch.special.ndtri(inner).clamp(-share, share).to(z.dtype)
    if name == "uniform":
        if share >= 1:
            raise RecipeError(f"truncation {share:g} changes nothing: a uniform prior's whole range is 1", "use less")
        return z * share
    why = "it is your own"
    if name in ("sphere", "rademacher"):
        why = "all its latents have one length, and none is nearer to the middle"
    raise RecipeError(f"the prior {name} cannot be truncated: {why}", "leave truncation out")


PRIORS: dict[str, Prior] = {"uniform": uniform, "gaussian": gaussian, "sphere": sphere, "rademacher": rademacher}
"""The priors by name."""
DISCRETE = frozenset({"rademacher"})
"""Those whose latents have none beside them, so that a small step leads back to where it began."""


def inside(name: str, z: Tensor) -> Tensor:
    """The latents nearest to `z` that the prior can draw; `z` itself where it can draw any, or nobody knows.

    Args:
        name: of the prior.
        z: float, (count, dimension).
    """
    if name == "uniform":
        return z.clamp(-math.sqrt(3), math.sqrt(3))
    if name == "sphere":
        return normalize(z, dim=1) * math.sqrt(z.shape[1])
    return _signs(z) if name == "rademacher" else z


def _signs(z: Tensor) -> Tensor:
    return torch.where(z < 0, -1.0, 1.0).to(z.dtype)
