"""The densities that the theory is shown with: mixtures of Gaussians on a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advnets.theory.divergences import Values

GRID: Values = np.linspace(-8.0, 8.0, 4001)
SPACING = float(GRID[1] - GRID[0])


@dataclass(frozen=True)
class Mixture:
    """A mixture of Gaussians.

    Args:
        means, deviations, shares: of its parts.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    shares: tuple[float, ...] = (1.0,)

    def density(self) -> Values:
        """On the grid; it sums to 1 there."""
        parts = zip(self.means, self.deviations, self.shares, strict=True)
        values = sum(share * np.exp(-(((GRID - m) / s) ** 2) / 2) / s for m, s, share in parts)
        return np.asarray(values) / (np.sum(values) * SPACING)

    def draw(self, count: int, rng: np.random.Generator) -> Values:
        """`count` samples."""
        part = rng.choice(len(self.means), count, p=self.shares)
        return rng.normal(np.array(self.means)[part], np.array(self.deviations)[part])


DATA = Mixture((-1.5, 1.2), (0.5, 0.9), (0.4, 0.6))
MADE = Mixture((0.3,), (1.6,))
