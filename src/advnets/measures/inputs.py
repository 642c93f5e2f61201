"""What a measure accepts: arrays of images, checked once and turned into rows of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError
from advnets.measures.too_few import TooFewError

Images = npt.NDArray[Any]
"""uint8 in 0..255, or floating point in [0, 1]; N x anything."""

PIXEL_STEPS = 255
"""A uint8 pixel p stands for the value p / 255."""

_BLOCK_ELEMENTS = 1 << 22  # checks look at this many numbers at a time, so that a memory map stays on disk


@dataclass(frozen=True)
class Rows:
    """Checked images, one a row; a view of the caller's array wherever NumPy can make one.

    Attributes:
        name: what the caller calls them, for messages.
        shape: shape of one image, as it was given.
        values: N x D, uint8 or floating point.
    """

    name: str
    shape: tuple[int, ...]
    values: Images

    def __len__(self) -> int:
        return len(self.values)

    @property
    def dimension(self) -> int:
        return self.values.shape[1]

    @property
    def is_uint8(self) -> bool:
        return self.values.dtype == np.uint8


def rows_of(images: npt.ArrayLike, name: str, minimum: int = 1) -> Rows:
    """Checks `images` and lays each out as a row.

    Args:
        images: N x ..., uint8 or floating point.
        name: the argument's name, for messages.
        minimum: the fewest images the measure can use.

    Raises:
        MeasureError: another type, too few images, images without pixels, values that are not finite.
    """
    array = np.asarray(images)
    if array.dtype != np.uint8 and not np.issubdtype(array.dtype, np.floating):
        raise MeasureError(f"{name}: type {array.dtype}", "give uint8 in 0..255 or floating point in [0, 1]")
    if array.ndim < 2 or 0 in array.shape[1:]:
        raise MeasureError(f"{name}: shape {array.shape}", "give N images, N x C x H x W or N x D")
    if len(array) < minimum:
        raise TooFewError(name, len(array), minimum)
    rows = Rows(name, array.shape[1:], array.reshape(len(array), -1))
    _check_finite(rows)
    return rows


def features_of(features: npt.ArrayLike, name: str, minimum: int = 2) -> npt.NDArray[np.float32]:
    """Checked features, or images as features: N x D, float32, contiguous; uint8 pixels become values in [0, 1].

    Args:
        features: N x ..., uint8 or floating point.
        name: the argument's name, for messages.
        minimum: the fewest rows the measure can use.

    Raises:
        MeasureError: another type, too few rows, nothing in a row, values that are not finite.
    """
    rows = rows_of(features, name, minimum)
    if not rows.is_uint8:
        return np.ascontiguousarray(rows.values, dtype=np.float32)
    scaled = rows.values.astype(np.float32)
    scaled /= PIXEL_STEPS
    return scaled


def some(total: int, count: int | None) -> npt.NDArray[np.int64]:
    """Which `count` of `total` rows to take where there are more: always the same ones, from everywhere.

    The first ones would do only where the order says nothing; in a folder it is that of the classes.

    Returns:
        Row numbers in ascending order, min(total, count) of them; all of them for None.
    """
    if count is None or total <= count:
        return np.arange(total)
    return np.sort(np.random.default_rng(total).choice(total, count, replace=False))


def check_widths(left: npt.NDArray[np.float32], right: npt.NDArray[np.float32], names: tuple[str, str]) -> None:
    """Refuses features of two extractors.

    Raises:
        MeasureError: rows of different lengths.
    """
    if left.shape[1] != right.shape[1]:
        raise MeasureError(
            f"{names[0]} have {left.shape[1]} features, {names[1]} {right.shape[1]}", "extract both by the same means"
        )


def check_comparable(left: Rows, right: Rows) -> None:
    """Refuses two sets of images that cannot be subtracted from each other.

    Raises:
        MeasureError: different shapes (axes of length one do not count, and flat rows fit any shape), or
            uint8 pixels beside floating-point values outside [0, 1].
    """
    flat = 1 in (len(left.shape), len(right.shape))
    same = flat or _long_axes(left.shape) == _long_axes(right.shape)
    if left.dimension != right.dimension or not same:
        raise MeasureError(
            f"{left.name} are {by(left.shape)}, {right.name} {by(right.shape)}",
            "give images of one size and one order of axes",
        )
    if left.is_uint8 != right.is_uint8:
        _check_unit_range(right if left.is_uint8 else left)


def slices(count: int, step: int) -> Iterator[slice]:
    """0 to `count` in consecutive slices of `step`, the last perhaps shorter."""
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


def by(shape: tuple[int, ...]) -> str:
    """A shape in words: 3 x 32 x 32."""
    return " x ".join(map(str, shape))


def blocks(values: Images) -> Iterator[Images]:
    """`values` in consecutive runs of rows, each small enough to work on in memory."""
    step = max(1, _BLOCK_ELEMENTS // max(1, values[0].size))
    return (values[part] for part in slices(len(values), step))


def _check_finite(rows: Rows) -> None:
    if not rows.is_uint8 and not all(np.isfinite(block).all() for block in blocks(rows.values)):
        raise MeasureError(f"{rows.name}: a value is not finite", "look for NaN or infinity in it")


def _check_unit_range(rows: Rows) -> None:
    low = min(float(block.min()) for block in blocks(rows.values))
    high = max(float(block.max()) for block in blocks(rows.values))
    if low < -1e-6 or high > 1 + 1e-6:
        raise MeasureError(
            f"{rows.name}: values from {low:.4g} to {high:.4g} beside uint8 images",
            "scale floating-point images to [0, 1]",
        )


def _long_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length for length in shape if length > 1)
