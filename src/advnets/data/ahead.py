"""Rows of a table in no order, from disk before they are needed.

A system that meets a page which is not in memory reads many after it, as of a file that is read from front to back: of
a table larger than memory, whose rows come in no order, nearly all of that is for nothing. So such a table is mapped
once more, of which no more is read than is touched, and the system is told which rows come next: it reads them while
the step before is played.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGE = 1 << 28
"""Bytes of a table from which on it counts: a smaller one is in memory before anybody has waited for it."""


class Ahead:
    """A table, and the way to say which rows come next.

    Args:
        values: N x ..., mapped from disk or not.

    Attributes:
        values: the same, of a large one mapped once more.
    """

    def __init__(self, values: NDArray[Any]) -> None:
        self.values, self._map = values, _mapped_again(values)
        if self._map is not None:
            self.values = np.frombuffer(self._map, values.dtype, values.size).reshape(values.shape)

    @property
    def large(self) -> bool:
        """Whether it makes a difference."""
        return self._map is not None

    def read(self, rows: Iterable[int]) -> None:
        """Has the system read rows of a large table. It does not wait for them."""
        if self._map is None:
            return
        size = self.values[:1].nbytes
        for row in rows:
            start = row * size - row * size % mmap.PAGESIZE
            self._map.madvise(mmap.MADV_WILLNEED, start, (row + 1) * size - start)


def _mapped_again(values: NDArray[Any]) -> mmap.mmap | None:
    """The file of a large table; None where there is none, or the system takes no advice."""
    whole = isinstance(values, np.memmap) and isinstance(values.base, mmap.mmap) and values.offset == 0
    if not whole or values.nbytes < LARGE or not hasattr(mmap, "MADV_RANDOM"):
        return None
    assert isinstance(values, np.memmap)
    with suppress(OSError, ValueError), open(str(values.filename), "rb") as file:  # noqa: PTH123 -- it may be gone
        found = mmap.mmap(file.fileno(), values.nbytes, access=mmap.ACCESS_READ)
        found.madvise(mmap.MADV_RANDOM)
        return found
    return None
