"""The data of the 1-D game: distributions with exact cumulative functions, of mean about 0 and variance about 1."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy.typing as npt
import torch
from torch import Tensor

from advnets.errors import UsageError
from advnets.theory.divergences import Values


@dataclass(frozen=True)
class Distribution:
    """A distribution on the line.

    Args:
        title: what to call it in a text.
        cumulative: x -> P(X <= x), element by element.
        density: x -> p(x), element by element.
        draw: (count, random generator) -> count x 1, float32.
        support: the interval that leaves out half a percent of its mass on either side.
    """

    title: str
    cumulative: Callable[[npt.ArrayLike], Values]
    density: Callable[[npt.ArrayLike], Values]
    draw: Callable[[int, torch.Generator], Tensor]
    support: tuple[float, float]


def distribution(name: str) -> Distribution:
    """The distribution of that name.

    Raises:
        UsageError: there is none; the message lists those there are.
    """
    if name not in DISTRIBUTIONS:
        raise UsageError(f"no distribution {name!r}", f"choose one of {', '.join(DISTRIBUTIONS)}")
    return DISTRIBUTIONS[name]()


def gaussian() -> Distribution:
    """N(0, 1)."""
    from scipy import stats

    def draw(count: int, rng: torch.Generator) -> Tensor:
        return torch.randn(count, 1, generator=rng)

    return Distribution("Gaussian", stats.norm.cdf, stats.norm.pdf, draw, _support(stats.norm.cdf))


def mixture() -> Distribution:
    """N(-1.1, .6^2) and N(1.1, .6^2), half and half: two modes with a valley between them."""
    from scipy import stats

    center, width = 1.1, 0.6

    def cumulative(x: npt.ArrayLike) -> Values:
        return (stats.norm.cdf(x, -center, width) + stats.norm.cdf(x, center, width)) / 2

    def density(x: npt.ArrayLike) -> Values:
        return (stats.norm.pdf(x, -center, width) + stats.norm.pdf(x, center, width)) / 2

    def draw(count: int, rng: torch.Generator) -> Tensor:
        right = torch.rand(count, 1, generator=rng) < 0.5
        return width * torch.randn(count, 1, generator=rng) + torch.where(right, center, -center)

    return Distribution("Mixture of two Gaussians", cumulative, density, draw, _support(cumulative))


def gamma() -> Distribution:
    """A gamma distribution of shape 3, scaled to variance 1 and moved to mean 0: steep on the left, a long right tail.

    It is the sum of three exponential variables, each -log(1 - u).
    """
    from scipy import stats

    shape, scale = 3, 1 / math.sqrt(3)
    where: dict[str, float] = {"loc": -shape * scale, "scale": scale}

    def cumulative(x: npt.ArrayLike) -> Values:
        return stats.gamma.cdf(x, shape, **where)

    def density(x: npt.ArrayLike) -> Values:
        return stats.gamma.pdf(x, shape, **where)

    def draw(count: int, rng: torch.Generator) -> Tensor:
        exponentials = -torch.log1p(-torch.rand(count, shape, generator=rng))
        return (exponentials.sum(1, keepdim=True) - shape) * scale

    return Distribution("Skewed (gamma)", cumulative, density, draw, _support(cumulative))


DISTRIBUTIONS: dict[str, Callable[[], Distribution]] = {"gaussian": gaussian, "mixture": mixture, "gamma": gamma}
"""The distributions by name."""

_LEFT_OUT = 0.005  # on either side of the support
_FAR = 20.0


def _support(cumulative: Callable[[npt.ArrayLike], Values]) -> tuple[float, float]:
    return _quantile(cumulative, _LEFT_OUT), _quantile(cumulative, 1 - _LEFT_OUT)


def _quantile(cumulative: Callable[[npt.ArrayLike], Values], share: float) -> float:
    from scipy.optimize import brentq

    return cast("float", brentq(lambda x: float(cumulative(x)) - share, -_FAR, _FAR))
