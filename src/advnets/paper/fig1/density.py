"""The exact density of G(z) on a grid, for z uniform and G any continuous function of one variable."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from advnets.theory.divergences import Values


@dataclass(frozen=True)
class Grid:
    """A line cut into cells of one length.

    Args:
        low, high: its ends.
        cells: how many.
    """

    low: float
    high: float
    cells: int

    @property
    def spacing(self) -> float:
        """Length of a cell."""
        return (self.high - self.low) / self.cells

    @property
    def edges(self) -> Values:
        """(cells + 1,)."""
        return np.linspace(self.low, self.high, self.cells + 1)

    @property
    def centers(self) -> Values:
        """(cells,)."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    def density(self, cumulative: Callable[[Values], Values]) -> Values:
        """The mean density in each cell, exactly, from a cumulative distribution function.

        What lies beyond an end counts as in the last cell there, so that the cells sum to 1.
        """
        below = np.asarray(cumulative(self.edges), np.float64).copy()
        below[0], below[-1] = 0.0, 1.0
        return np.maximum(np.diff(below), 0.0) / self.spacing


def branches(x: npt.ArrayLike) -> list[slice]:
    """Where a function, given at an even grid of its argument, only rises or only falls: slices that share their ends.

    A function that is monotone has one branch.
    """
    rises = np.sign(np.diff(np.asarray(x, np.float64)))
    turns = np.flatnonzero(rises[1:] != rises[:-1]) + 1
    ends = [0, *turns.tolist(), len(rises)]
    return [slice(first, last + 1) for first, last in itertools.pairwise(ends)]


def cumulative_of(x: npt.ArrayLike) -> Callable[[Values], Values]:
    """P(G(z) <= x) by change of variables, from x = G(z) at an even grid of a uniform z.

    On a branch where G is monotone its inverse exists, and the branch puts as much mass below x as there is z whose
    G(z) is below x; in densities, p_g(x) = sum over branches of p_z(z) / |G'(z)| at G(z) = x. Between the points of the
    grid G is taken as straight.

    Args:
        x: G(z) from the least z to the greatest, 2 values or more.

    Returns:
        The cumulative distribution function, element by element.
    """
    values = np.asarray(x, np.float64)
    share = np.linspace(0.0, 1.0, len(values))  # of the prior's mass below each z

    def cumulative(at: Values) -> Values:
        below = np.zeros(np.shape(at))
        for branch in branches(values):
            images, mass = values[branch], share[branch] - share[branch.start]
            if images[-1] < images[0]:
                images, mass = images[::-1], mass[-1] - mass[::-1]
            below += np.interp(at, images, mass) if images[-1] > images[0] else np.where(at >= images[0], mass[-1], 0.0)
        return below

    return cumulative
