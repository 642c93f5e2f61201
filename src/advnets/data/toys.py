"""Two-dimensional toy data: Gaussians on a circle and on a grid, whose modes are known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from advnets.data.table import Skipped, check_split, first_rows

_COUNT, _FRESH = 100_000, 10_000
_SEEDS = {"train": 2014, "test": 2015, "valid": 2016}


@dataclass(frozen=True, eq=False)
class PointTable:
    """Points drawn from a mixture of Gaussians; the mode that a point was drawn from is its class.

    Args:
        name: ring or grid.
        values: float32, N x D.
        labels: int64, N, the mode of each point.
        modes: float32, K x D, the Gaussians' means.
        deviation: standard deviation of each coordinate within a mode.
        fingerprint: SHA-256 (hex) of the points.
    """

    name: str
    values: NDArray[np.float32]
    labels: NDArray[np.int64]
    modes: NDArray[np.float32]
    deviation: float
    fingerprint: str

    @property
    def shape(self) -> tuple[int]:
        """How many coordinates a point has."""
        return (self.values.shape[1],)

    @property
    def classes(self) -> tuple[str, ...]:
        """The modes' numbers."""
        return tuple(map(str, range(len(self.modes))))

    @property
    def vectors(self) -> None:
        """Points have no other conditions than their classes."""
        return

    @property
    def columns(self) -> tuple[str, ...]:
        """There are no vectors to name."""
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing was read."""
        return ()

    @property
    def format(self) -> str:
        """They are drawn."""
        return "points drawn from a mixture"

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Nothing is left out."""
        return ()

    @property
    def stack_of(self) -> None:
        """Points have no channels."""
        return

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, split: str) -> NDArray[np.int64]:
        """Row numbers of a split: every point is for training; those of other splits are not stored.

        Raises:
            DataError: there is no such split.
        """
        check_split(split)
        return first_rows(len(self) if split in ("train", "all") else 0)

    def count(self, split: str) -> int:
        """How many points `reals` gives of a split: all that are for training, 10,000 fresh ones otherwise."""
        return len(self.rows(split)) or _FRESH

    def reals(self, split: str, count: int | None = None) -> NDArray[np.float32]:
        """Points of a split: float32, count x D; by default as many as `count` says.

        For valid and test they are drawn from the same mixture, always the same ones, and no game is trained on them.

        Raises:
            DataError: there is no such split.
        """
        if len(rows := self.rows(split)):
            return self.values[rows[:count]]
        return draw_points(self.modes, self.deviation, _FRESH if count is None else count, _SEEDS[split])[0]

    def digest(self, split: str) -> str:
        """SHA-256 (hex) that stands for the points of every split: they are one mixture's."""
        check_split(split)
        return self.fingerprint

    def of_class(self, number: int) -> PointTable:
        """The points of one mode, as a mixture of that mode alone."""
        mine = self.labels == number
        modes = self.modes[number : number + 1]
        return replace(self, values=self.values[mine], labels=self.labels[mine] * 0, modes=modes)


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
    """The toy data of that name (one of `TOYS`): 100,000 points, always the same ones."""
    modes_of, deviation = _TOYS[name]
    modes = modes_of()
    points, labels = draw_points(modes, deviation, _COUNT, _SEEDS["train"])
    return PointTable(name, points, labels, modes, deviation, hashlib.sha256(points.tobytes()).hexdigest())


def toy_points(name: str | None) -> NDArray[np.float32] | None:
    """The points of the toy data of that name, to be drawn beneath samples; None where `name` is no toy."""
    return None if name is None or name not in TOYS else open_points(name).values


def draw_points(
    modes: NDArray[np.float32], deviation: float, count: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Points of an even mixture of Gaussians, and the modes that they were drawn from.

    Args:
        modes: K x D, the means.
        deviation: of each coordinate.
        count: how many.
        seed: of the draws.

    Returns:
        float32 count x D, and int64 count.
    """
    rng = np.random.default_rng(seed)
    noise = rng.normal(scale=deviation, size=(count, modes.shape[1]))
    labels = rng.integers(len(modes), size=count)
    return (modes[labels] + noise).astype(np.float32), labels
