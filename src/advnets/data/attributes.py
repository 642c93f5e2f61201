"""Attributes: the numbers of vectors of conditions, with their names and the values that training examples have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SHOWN = 8  # in a line


@dataclass(frozen=True)
class Attribute:
    """One number of a vector of conditions.

    Args:
        name: of its column; its place, "0", "1", ..., where nobody named it.
        least, greatest, mean, deviation: of its values over training examples.
        two: whether it has two values alone.
    """

    name: str
    least: float
    greatest: float
    mean: float
    deviation: float
    two: bool

    def __str__(self) -> str:
        return f"{self.name} {self.values}"

    @property
    def values(self) -> str:
        """Its values in words."""
        return f"{self.least:.4g} {'or' if self.two else 'to'} {self.greatest:.4g}"

    def has(self, value: float) -> bool:
        """Whether training examples have such a value: one of the two, or one within the range."""
        return value in (self.least, self.greatest) if self.two else self.least <= value <= self.greatest


def attributes_of(vectors: NDArray[np.float32], names: Sequence[str] = ()) -> tuple[Attribute, ...]:
    """The attributes of vectors, N x V, of which rows with NaN are unknown; none where all are."""
    known = vectors[~np.isnan(vectors).any(1)]
    if not len(known):
        return ()
    named = list(names) if len(names) == known.shape[1] else [str(place) for place in range(known.shape[1])]
    least, greatest, wide = known.min(0), known.max(0), known.astype(np.float64)
    two = ((known == least) | (known == greatest)).all(0) & (least < greatest)
    rows = zip(
        least.tolist(), greatest.tolist(), wide.mean(0).tolist(), wide.std(0).tolist(), two.tolist(), strict=True
    )
    return tuple(Attribute(name, *row) for name, row in zip(named, rows, strict=True))


def facts_of(attributes: Sequence[Attribute]) -> list[dict[str, Any]]:
    """What run.json says of them."""
    return [asdict(each) for each in attributes]


def listed(attributes: Sequence[Attribute]) -> str:
    """Names and values in words, of many the first."""
    more = f" and {len(attributes) - _SHOWN:,} more" if len(attributes) > _SHOWN else ""
    return ", ".join(map(str, attributes[:_SHOWN])) + more
