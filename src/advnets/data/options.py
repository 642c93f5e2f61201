"""What the caller asks of a table, checked before anything is read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from advnets.data.depth import Range
from advnets.errors import DataError

Fit = Literal["crop", "pad", "stretch"]
GivenRange = tuple[float, float] | str | None
"""The values of black and white, "LOW:HIGH", or "auto" for the least and the greatest of the source."""

MAX_SIDE = 8192


@dataclass(frozen=True)
class Options:
    """The options of `open_table`, valid by construction through `check_options`.

    Args:
        size: height and width, or None to let the images decide.
        channels: 1, 3, or None to let the images decide. Arrays may have any number.
        labels: "auto", "folder", "none", or the name of a column of labels.
        value_range: the values that become black and white, "auto" to take the least and the greatest of the source,
            or None for the whole range of their type.
    """

    size: tuple[int, int] | None
    channels: int | None
    fit: Fit
    labels: str
    strict: bool
    holdout: float
    progress: bool
    value_range: Range | Literal["auto"] | None = None

    def identity(self) -> list[object]:
        """The part of the options that decides what is stored."""
        return [self.size, self.channels, self.fit, self.labels, self.value_range]


def check_options(
    size: int | tuple[int, int] | None,
    channels: int | None,
    fit: Fit,
    labels: str,
    strict: bool,
    holdout: float,
    progress: bool,
    value_range: GivenRange = None,
) -> Options:
    """Options out of raw arguments.

    Raises:
        DataError: an argument is outside its range.
    """
    if fit not in get_args(Fit):
        raise DataError(f"fit {fit!r} is not known", f"choose one of {', '.join(get_args(Fit))}")
    if not labels:
        raise DataError("labels of no name", "give auto, folder, none, or the name of a column")
    if not 0 <= holdout < 0.5:
        raise DataError(f"holdout {holdout} is outside 0 to 0.5", "give the share of rows for each of valid and test")
    if channels is not None and channels < 1:
        remedy = "use 1 (gray), 3 (color) or 4 (color and opacity)"
        raise DataError(f"channels {channels} is not a number of channels", remedy)
    size, value_range = _check_size(size), check_range(value_range)
    return Options(size, channels, fit, labels, strict, holdout, progress, value_range)


def check_range(given: GivenRange) -> Range | Literal["auto"] | None:
    """A range of values out of a pair, "LOW:HIGH" or "auto".

    Raises:
        DataError: it is none of them, or empty.
    """
    if given is None or given == "auto":
        return given
    try:
        low, high = (float(each) for each in (given.split(":") if isinstance(given, str) else given))
    except ValueError:
        raise DataError(f"range {given!r} is no range of values", "give LOW:HIGH, as 0:4095, or auto") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise DataError(f"range {low:g}:{high:g} is empty", "give the value of black, then the greater one of white")
    return low, high


def _check_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    height, width = (size, size) if isinstance(size, int) else size
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise DataError(f"size {height}x{width} is outside 1 to {MAX_SIDE}", "give height and width in pixels")
    return int(height), int(width)
