"""What the caller asks of a table, checked before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from advnets.errors import DataError

Fit = Literal["crop", "pad", "stretch"]
Labels = Literal["auto", "folder", "none"]

MAX_SIDE = 8192


@dataclass(frozen=True)
class Options:
    """The options of `open_table`, valid by construction through `check_options`.

    Args:
        size: height and width, or None to let the images decide.
        channels: 1, 3, or None to let the images decide. Arrays may have any number.
    """

    size: tuple[int, int] | None
    channels: int | None
    fit: Fit
    labels: Labels
    strict: bool
    holdout: float
    progress: bool

    def identity(self) -> list[object]:
        """The part of the options that decides what is stored."""
        return [self.size, self.channels, self.fit, self.labels]


def check_options(
    size: int | tuple[int, int] | None,
    channels: int | None,
    fit: Fit,
    labels: Labels,
    strict: bool,
    holdout: float,
    progress: bool,
) -> Options:
    """Options out of raw arguments.

    Raises:
        DataError: an argument is outside its range.
    """
    if fit not in get_args(Fit):
        raise DataError(f"fit {fit!r} is not known", f"choose one of {', '.join(get_args(Fit))}")
    if labels not in get_args(Labels):
        raise DataError(f"labels {labels!r} is not known", f"choose one of {', '.join(get_args(Labels))}")
    if not 0 <= holdout < 0.5:
        raise DataError(f"holdout {holdout} is outside 0 to 0.5", "give the share of rows for each of valid and test")
    if channels is not None and channels < 1:
        raise DataError(f"channels {channels} is not a number of channels", "use 1 (gray) or 3 (color)")
    return Options(_check_size(size), channels, fit, labels, strict, holdout, progress)


def _check_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    height, width = (size, size) if isinstance(size, int) else size
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise DataError(f"size {height}x{width} is outside 1 to {MAX_SIDE}", "give height and width in pixels")
    return int(height), int(width)
