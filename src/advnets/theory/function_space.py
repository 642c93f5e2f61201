"""Proposition 2, run: p_g itself follows the gradient of the game's value, with D at its optimum at every step.

Here p_g is not made by a network: it is a distribution on a grid, free in every cell. sup_D V(D, .) is convex in p_g,
so that small steps lead to p_data from any start that is positive where p_data is; with a network's parameters in its
place nothing of this holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from advnets.errors import TheoryError
from advnets.theory.divergences import Values, distribution, jensen_shannon_divergence


@dataclass(frozen=True)
class Descent:
    """How p_g came to p_data.

    Attributes:
        p_g: where it ended, of the start's shape.
        divergences: JSD(p_data || p_g) before the first step and after each, in nats.
        distances: total variation distance sum |p_data - p_g| / 2 before the first step and after each.
    """

    p_g: Values
    divergences: Values
    distances: Values


def descend(
    p_data: npt.ArrayLike, start: npt.ArrayLike, steps: int = 200, rate: float = 0.1, spacing: float = 1.0
) -> Descent:
    """Mirror descent on p_g: p_g <- p_g exp(-rate g) / Z with g = dV/dp_g = log(1 - D*).

    By the envelope theorem the gradient of max_D V is that of V at D*. Steps in the geometry of distributions keep p_g
    positive and summing to 1; where p_g > p_data, D* is below 1/2 and log(1 - D*) above log 1/2, so that mass goes from
    there to where p_g is too small. At p_data, g is the same everywhere, and nothing moves.

    The second derivative of max_D V in a cell, 1 / p_g - 1 / (p_g + p_data), is at most that of the negative entropy,
    1 / p_g. Hence up to a rate of 1 the divergence never rises, and after k steps 2 JSD is at most
    KL(p_data || start) / (rate k).

    Args:
        p_data: the data's distribution, any shape.
        start: where p_g begins: positive wherever p_data is. What starts at 0 stays there.
        steps: how many.
        rate: of each, up to 1, which is p_g <- (p_g + p_data) / 2.
        spacing: length of a grid cell; 1 for probabilities.

    Returns:
        The course.

    Raises:
        TheoryError: no distributions, of different shapes, a start that p_data cannot be reached from, a rate that is
            not in (0, 1], fewer than 0 steps.

    Source: Goodfellow et al. 2014, Proposition 2; Lu, Freund and Nesterov 2018, Theorem 3.1, for the rate.
    """
    real, made = distribution(p_data, "p_data", spacing), distribution(start, "start", spacing)
    if real.shape != made.shape:
        raise TheoryError(f"shapes {real.shape} and {made.shape}", "give both on one grid")
    if (made[real > 0] == 0).any():
        raise TheoryError("the start is 0 where p_data is not", "mix in a little of a distribution that is positive")
    if not 0 < rate <= 1 or steps < 0:
        raise TheoryError(f"{steps} steps at a rate of {rate:g}", "give 0 steps or more, at a rate above 0 and up to 1")
    divergences: list[float] = []
    distances: list[float] = []
    for step in range(steps + 1):
        divergences.append(jensen_shannon_divergence(real, made, spacing))
        distances.append(float(np.abs(real - made).sum()) * spacing / 2)
        if step < steps:
            made = _step(real, made, rate, spacing)
    return Descent(made, np.array(divergences), np.array(distances))


def _step(real: Values, made: Values, rate: float, spacing: float) -> Values:
    # p_g (1 - D*)^-rate with 1 - D* = p_g / (p_g + p_data), written so that nothing overflows.
    moved = np.where(made > 0, made ** (1 - rate) * (made + real) ** rate, 0.0)
    return moved / (moved.sum() * spacing)
