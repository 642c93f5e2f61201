"""Two-dimensional toy data: Gaussians on a circle and on a grid, whose modes are known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_COUNT = 100_000


@dataclass(frozen=True, eq=False)
class PointTable:
    """Points drawn from a mixture of Gaussians.

    Args:
        name: ring or grid.
        points: float32, N x 2.
        modes: float32, K x 2, the Gaussians' means.
        deviation: standard deviation of each coordinate within a mode.
        fingerprint: SHA-256 (hex) of the points.
    """

    name: str
    points: NDArray[np.float32]
    modes: NDArray[np.float32]
    deviation: float
    fingerprint: str

    def __len__(self) -> int:
        return len(self.points)

    def fresh(self, count: int, split: str = "test") -> NDArray[np.float32]:
        """Points of the same mixture that no game is trained on, always the same ones for a split (test or valid).

        Returns:
            float32, count x 2.
        """
        return _draw(self.modes, self.deviation, count, seed={"test": 2015, "valid": 2016}[split])


def ring_modes() -> NDArray[np.float32]:
    """Eight means on a circle of radius 2 (Metz et al. 2017, *Unrolled GANs*, section 3.1)."""
    angles = np.arange(8) * (2 * np.pi / 8)
    return np.stack([2 * np.cos(angles), 2 * np.sin(angles)], axis=1).astype(np.float32)


def grid_modes() -> NDArray[np.float32]:
    """Twenty-five means, {-4, -2, 0, 2, 4} squared (Srivastava et al. 2017, *VEEGAN*, section 4.1)."""
    side = np.arange(-4, 5, 2)
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2).astype(np.float32)


_TOYS = {"ring": (ring_modes, 0.02), "grid": (grid_modes, 0.05)}
TOYS = tuple(_TOYS)


def open_points(name: str) -> PointTable:
    """The toy data of that name (a key of `TOYS`): 100,000 points, always the same ones."""
    modes_of, deviation = _TOYS[name]
    modes = modes_of()
    points = _draw(modes, deviation, _COUNT, seed=2014)
    return PointTable(name, points, modes, deviation, hashlib.sha256(points.tobytes()).hexdigest())


def _draw(modes: NDArray[np.float32], deviation: float, count: int, seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    noise = rng.normal(scale=deviation, size=(count, 2))
    return (modes[rng.integers(len(modes), size=count)] + noise).astype(np.float32)
