"""MATLAB's arrays, of whichever version of its files, as arrays with the images first and of the type that MATLAB sees.

MATLAB counts images by the last axis, H x W x C x N, has no vectors but N x 1 and 1 x N, and numbers labels by doubles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.layout import Axes, axes_of_matlab
from advnets.data.members import Member
from advnets.errors import DataError

_TYPES = {"logical": "bool", "single": "float32", "double": "float64"}
_LONGEST = 1 << 24  # labels that are read to see whether they are whole numbers


@dataclass(frozen=True)
class MatlabArray:
    """An array of numbers in a MATLAB file.

    Args:
        name: its name.
        shape: as MATLAB has it.
        kind: its class in MATLAB. Where all values of a double are whole, the file may hold them in fewer bytes.
        pieces: gives it in pieces, one after the other along an axis.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    pieces: Callable[[int], Iterator[NDArray[Any]]]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that its class says."""
        return np.dtype(_TYPES.get(self.kind, self.kind))

    @property
    def is_vector(self) -> bool:
        """Whether it is N x 1 or 1 x N."""
        return len(self.shape) == 2 and min(self.shape) == 1 and 1 < max(self.shape) <= _LONGEST

    def typed(self, axis: int) -> Iterator[NDArray[Any]]:
        """Its pieces, in its own type."""
        for values in self.pieces(axis):
            yield values.astype(self.dtype, copy=False)


def matlab_members(where: str, arrays: Sequence[MatlabArray], channels: int | None, file: str = "") -> list[Member]:
    """The arrays of a MATLAB file, images first.

    Args:
        where: the file, in messages.
        arrays: the arrays of numbers in it.
        channels: of the images, where that decides their axes.
        file: its name, where it takes several to make a data set.

    Raises:
        DataError: it is damaged.
    """
    counts = {max(each.shape) for each in arrays if each.is_vector}
    return [_member(where, each, channels, counts, file) for each in arrays]


def _member(where: str, array: MatlabArray, channels: int | None, counts: set[int], file: str) -> Member:
    if array.is_vector:
        values = np.concatenate(list(array.typed(int(np.argmax(array.shape))))).reshape(-1)
        if values.dtype.kind == "f" and np.isfinite(values).all() and (values == np.round(values)).all():
            values = values.astype(np.int64)
        return Member(array.name, values.shape, values.dtype, lambda: iter([values]), file=file)
    try:
        axes = axes_of_matlab(f"{where}: {array.name}", array.shape, channels, counts)
    except DataError as error:
        return _unknown(array, error, file)
    shape = tuple(array.shape[axis] for axis in axes)
    return Member(array.name, shape, array.dtype, lambda: _arranged(array, axes), file=file)


def _arranged(array: MatlabArray, axes: Axes) -> Iterator[NDArray[Any]]:
    for values in array.typed(axes[0]):
        yield values.transpose(axes)


def _unknown(array: MatlabArray, error: DataError, file: str) -> Member:
    """An array that is no images, or whose axes nobody knows, as is said when it is to be images."""

    def blocks() -> Iterator[NDArray[Any]]:
        if len(array.shape) > 2:
            raise error
        yield from array.typed(0)

    return Member(array.name, array.shape, array.dtype, blocks, file=file)
