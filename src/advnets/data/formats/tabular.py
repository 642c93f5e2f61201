"""What every table of columns is read as, whatever its file: numbers, text, and what is neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advnets.errors import DataError

MAX_VALUES = 1 << 25
"""Numbers that a table may hold, rows x columns: 256 MiB of them, a million rows of 32 columns."""
MAX_BYTES = 1 << 30
"""Bytes that a file of columns may have, or unpack to."""
MAX_TEXTS = 10_000
"""Different texts of a column: more are no classes, and not kept."""
SMALLER = "give fewer rows or columns"


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of text.

    Args:
        codes: int64, N: which of `values` a row has; -1 where it has none.
        values: the different ones, in the order in which they come first.
    """

    codes: NDArray[np.int64]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Unusable:
    """A column that nothing can be made of.

    Args:
        reason: what it holds, in words.
    """

    reason: str


Column = NDArray[np.float64] | Texts | Unusable
"""Numbers, float64, N, NaN where there is none; or text; or neither."""


@dataclass(frozen=True, eq=False)
class Columns:
    """A table as it was read.

    Args:
        name: what it is called in messages.
        columns: by name, in the file's order.
        count: N, how many rows.
        where: what messages call a row, counted from 0: "line 17".
    """

    name: str
    columns: Mapping[str, Column]
    count: int
    where: Callable[[int], str]


def row_from_0(row: int) -> str:
    """What messages call a row of an array."""
    return f"row {row} (from 0)"


def check_size(name: str, rows: int, columns: int) -> None:
    """Refuses a table beyond what is kept in memory.

    Raises:
        DataError: more than `MAX_VALUES` numbers.
    """
    if rows * columns > MAX_VALUES:
        what = f"{name}: {rows:,} rows of {columns:,} columns, at most {MAX_VALUES:,} numbers are read"
        raise DataError(what, SMALLER)


def named_numbers(name: str, values: NDArray[np.generic]) -> Columns:
    """An array of numbers, N x D, as columns x1, x2, ...

    Raises:
        DataError: of another shape or type, or too large.
    """
    if values.ndim != 2 or not values.size:
        raise DataError(f"{name}: an array of shape {values.shape}", "give N x D numbers, a row each")
    if values.dtype.kind not in "fiub":
        raise DataError(f"{name}: an array of type {values.dtype}", "give N x D numbers, whole or floating point")
    check_size(name, *values.shape)
    numbers = np.asarray(values, np.float64)
    names = (f"x{place + 1}" for place in range(values.shape[1]))
    return Columns(name, dict(zip(names, numbers.T, strict=True)), len(numbers), row_from_0)


def header_names(name: str, words: Sequence[str]) -> list[str]:
    """The names in a header: of a column that has none, what its place would be called without a header.

    The first may go without a name: then it may have the rows' numbers.

    Raises:
        DataError: two columns have one name.
    """
    names: list[str] = []
    for place, word in enumerate(words):
        own = word or (f"x{place + 1}" if place else "")
        if own in names:
            places = f"columns {names.index(own) + 1} and {place + 1}"
            raise DataError(f"{name}: {places} are both called {own}", "give each a name of its own")
        names.append(own)
    return names
