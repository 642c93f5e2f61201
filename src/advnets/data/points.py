"""A table of points: rows of a table of numbers, standardized, or draws from a mixture whose modes are known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from advnets.data.scale import Scale
from advnets.data.table import HELD_OUT, SPLITS, Skipped, check_split, first_rows, labels_of

_FRESH = 10_000
_SEEDS = {"test": 2015, "valid": 2016, HELD_OUT: 2015}


@dataclass(frozen=True, eq=False)
class PointTable:
    """Points of any dimension, in memory.

    Args:
        name: ring or grid, or the name of the file.
        values: float32, N x D: standardized, where there is a scale.
        labels: int64, N, indices into `classes` (of a mixture, the mode of each point); None without.
        classes: the names of the labels; empty without.
        fingerprint: SHA-256 (hex) of the content and of what was done to it.
        splits: sorted int64 row numbers of "train", "valid" and "test". Empty: every row is for training.
        scale: the columns in their own units; None where the points are in their own already.
        skipped: columns that were left out.
        vectors: float32, N x V: conditions that are no classes; None without.
        modes: float32, K x D, the means of the mixture that the points are drawn from; None where it is not known.
        deviation: of each coordinate within a mode.
        notes: what was noticed, beside the columns that were left out, each a sentence without its full stop.
    """

    name: str
    values: NDArray[np.float32]
    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    fingerprint: str
    splits: Mapping[str, NDArray[np.int64]] = field(default_factory=dict[str, NDArray[np.int64]])
    scale: Scale | None = None
    skipped: tuple[Skipped, ...] = ()
    vectors: NDArray[np.float32] | None = None
    modes: NDArray[np.float32] | None = None
    deviation: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int]:
        """How many coordinates a point has."""
        return (self.values.shape[1],)

    @property
    def columns(self) -> tuple[str, ...]:
        """Nobody names the vectors' numbers."""
        return ()

    @property
    def format(self) -> str:
        """A mixture, or a table of numbers."""
        return "a table of numbers" if self.modes is None else "points drawn from a mixture"

    @property
    def drawn(self) -> bool:
        """The splits of a table of numbers are; of a mixture there are always fresh points."""
        return self.modes is None

    @property
    def stack_of(self) -> None:
        """Points have no channels."""
        return

    @property
    def sources(self) -> None:
        """Nothing is translated into points."""
        return

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, split: str) -> NDArray[np.int64]:
        """Row numbers of a split; none of those of a mixture that are not for training, which are not stored.

        Raises:
            DataError: there is no such split.
        """
        check_split(split)
        if split in self.splits:
            return self.splits[split]
        if split == HELD_OUT:
            return np.union1d(self.rows("valid"), self.rows("test"))
        everything = split == "all" or (split == "train" and not self.splits)
        return first_rows(len(self) if everything else 0)

    def count(self, split: str) -> int:
        """How many points `reals` gives of a split: the rows; of a mixture, 10,000 where none are stored."""
        return len(self.rows(split)) or (0 if self.modes is None else _FRESH)

    def reals(self, split: str, count: int | None = None) -> NDArray[np.float32]:
        """Points of a split: float32, count x D; by default as many as `count` says.

        Of a mixture, those for valid and test are drawn from it, always the same ones; no game is trained on them.

        Raises:
            DataError: there is no such split.
        """
        rows = self.rows(split)
        if len(rows) or self.modes is None:
            return self.values[rows[:count]]
        return self.fresh(split, _FRESH if count is None else count)[0]

    def fresh(self, split: str, count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Points of a mixture for valid or test, as `reals` gives them, and the modes that they were drawn from.

        Returns:
            float32 count x D, and int64 count.
        """
        assert self.modes is not None  # a table of numbers has the rows that it has
        return draw_points(self.modes, self.deviation, count, _SEEDS[split])

    def digest(self, split: str) -> str:
        """SHA-256 (hex) of a split's points; of a mixture one stands for every split."""
        rows = self.rows(split)
        if self.modes is not None:
            return self.fingerprint
        return hashlib.sha256(str(self.shape).encode() + self.values[rows].tobytes()).hexdigest()

    def of_class(self, number: int) -> PointTable:
        """The same table with the rows of one class alone in every split; of a mixture, with that mode alone.

        Raises:
            DataError: the table has no labels.
        """
        labels = labels_of(self)
        splits = {split: self.rows(split) for split in (*SPLITS, "all")}
        mine = {split: rows[labels[rows] == number] for split, rows in splits.items()}
        return replace(self, splits=mine, modes=None if self.modes is None else self.modes[number : number + 1])


def mixture(
    name: str, points: NDArray[np.float32], labels: NDArray[np.int64], modes: NDArray[np.float32], deviation: float
) -> PointTable:
    """Points of a mixture as a table: the mode that a point was drawn from is its class.

    Args:
        name: of the mixture.
        points: float32, N x D.
        labels: int64, N, the mode of each point.
        modes: float32, K x D, the Gaussians' means.
        deviation: of each coordinate within a mode.
    """
    classes, digest = tuple(map(str, range(len(modes)))), hashlib.sha256(points.tobytes()).hexdigest()
    return PointTable(name, points, labels, classes, digest, modes=modes, deviation=deviation)


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
