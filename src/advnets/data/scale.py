"""The columns of a table of numbers, and the scale between their own units and what a game is played with."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_DECIMALS = 6
"""A column of numbers with at most so many decimals has samples with as many."""
_DIGITS = 7  # of a deviation, in a column with more: what float32 holds
_ROUNDABLE = 20  # decimals, before or after the point
_MOST_WHOLE, _FAR = 2.0**53, 1000  # what float64 counts to; deviations that no sample is away


@dataclass(frozen=True)
class Scale:
    """K columns, of which the D that vary in the training rows are played with, standardized.

    Args:
        columns: names of the K columns, in their order.
        means: of each column, over the training rows; of one that is constant there, its value.
        deviations: standard deviation of each column over the training rows; 0: constant, left out of the game.
        decimals: to how many decimals samples are rounded in each column (below 0: to tens, ...); None: not at all.
        label: the column that the classes come from; empty where they come from elsewhere, or there are none.
    """

    columns: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    decimals: tuple[int | None, ...]
    label: str = ""

    @property
    def varying(self) -> NDArray[np.int64]:
        """The numbers of the D columns that are played with."""
        return np.flatnonzero(np.array(self.deviations) > 0)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the D columns that are played with."""
        return tuple(self.columns[place] for place in self.varying)

    def is_whole(self, place: int) -> bool:
        """Whether a column has whole numbers alone, within what int64 holds; `place` is its own among the K."""
        decimals, mean, deviation = self.decimals[place], self.means[place], self.deviations[place]
        if not deviation:
            return mean == round(mean) and abs(mean) < _MOST_WHOLE
        return decimals is not None and decimals <= 0 and abs(mean) + _FAR * deviation < _MOST_WHOLE

    def standardize(self, values: ArrayLike) -> NDArray[np.float32]:
        """Rows in the columns' own units, N x K, as what is played with: float32 N x D, mean 0, deviation 1."""
        places = self.varying
        own = np.asarray(values, np.float64)[:, places]
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
            return ((own - np.array(self.means)[places]) / np.array(self.deviations)[places]).astype(np.float32)

    def restore(self, points: ArrayLike) -> NDArray[np.float64]:
        """What is played with, N x D, in the columns' own units: float64 N x K, rounded as `decimals` say."""
        given, places = np.asarray(points, np.float64), self.varying
        own = np.tile(np.array(self.means), (len(given), 1))
        own[:, places] += given * np.array(self.deviations)[places]
        for place in places:
            decimals = self.decimals[place]
            if decimals is not None:
                own[:, place] = np.round(own[:, place], decimals) + 0.0  # no minus zero
        return own

    def facts(self) -> dict[str, Any]:
        """Plain values, as run.json keeps them."""
        return dataclasses.asdict(self)


def scale_of(facts: Mapping[str, Any] | None) -> Scale | None:
    """The scale that `Scale.facts` became in JSON; None where there is none."""
    if facts is None:
        return None
    lists = {name: tuple(facts[name]) for name in ("columns", "means", "deviations", "decimals")}
    return Scale(**lists, label=facts["label"])


def fit_scale(columns: Sequence[str], values: NDArray[np.float64], rows: NDArray[np.int64], label: str = "") -> Scale:
    """The scale of a table.

    Args:
        columns: K names.
        values: finite, N x K.
        rows: numbers of the training rows, of which means and deviations are taken.
        label: see `Scale`.
    """
    fitted = [_mean_and_deviation(column[rows]) for column in values.T]
    decimals = [
        _decimals(column, deviation) if deviation else None
        for column, (_, deviation) in zip(values.T, fitted, strict=True)
    ]
    means, deviations = zip(*fitted, strict=True)
    return Scale(tuple(columns), means, deviations, tuple(decimals), label)


def _mean_and_deviation(column: NDArray[np.float64]) -> tuple[float, float]:
    """Of one column, whatever its size: 0 and the value itself where it is constant."""
    first, most = float(column[0]), float(np.abs(column).max())
    if (column == first).all():
        return first, 0.0
    small = column / most  # squares of large numbers overflow
    mean, deviation = float(small.mean()) * most, float(small.std()) * most
    return (mean, deviation) if deviation >= np.finfo(np.float64).tiny else (first, 0.0)


def _decimals(column: NDArray[np.float64], deviation: float) -> int | None:
    """The decimals that all numbers of a column have; of one with more, those that `_DIGITS` of its deviation need."""
    for decimals in range(MOST_DECIMALS + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            if (np.round(column, decimals) == column).all():
                return decimals
    needed = _DIGITS - math.floor(math.log10(deviation))
    return needed if abs(needed) <= _ROUNDABLE else None
