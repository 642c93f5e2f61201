"""Two-dimensional toy data: Gaussians on a circle and on a grid, whose modes are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from advnets.data.points import PointTable, draw_points, mixture

_COUNT, _SEED = 100_000, 2014


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
    """The toy data of that name (one of `TOYS`): 100,000 points, always the same ones; each mode is a class."""
    modes_of, deviation = _TOYS[name]
    modes = modes_of()
    return mixture(name, *draw_points(modes, deviation, _COUNT, _SEED), modes, deviation)
