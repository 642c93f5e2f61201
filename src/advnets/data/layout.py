"""Which axes of an array of images count the images, their channels, rows and columns."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from numpy.typing import NDArray

from advnets.errors import DataError

MAX_CHANNELS = 4
Axes = tuple[int, ...]
"""Places in a shape of what counts images, channels (left out where images are gray), rows and columns."""

_LAYOUTS = "N x H x W, N x H x W x C or N x C x H x W"


def axes_of(name: str, shape: tuple[int, ...], channels: int | None = None) -> Axes:
    """The axes of an array whose first counts the images, as NumPy's arrays have it.

    Args:
        name: what it is called in messages.
        shape: N x H x W, N x H x W x C or N x C x H x W with C of 1 to 4.
        channels: decides where both of the last two would do.

    Raises:
        DataError: another shape.
    """
    if 0 in shape or len(shape) not in (3, 4):
        raise DataError(f"{name}: an array of shape {shape}", f"give {_LAYOUTS}")
    if len(shape) == 3:
        _refuse_single(name, shape)
        return 0, 1, 2
    first, last = shape[1] <= MAX_CHANNELS, shape[3] <= MAX_CHANNELS
    if first and last and channels in (shape[1], shape[3]):
        first, last = shape[1] == channels, shape[3] == channels
    if not (first or last):
        raise DataError(f"{name}: an array of shape {shape}", f"the channels, 1 to {MAX_CHANNELS}, come 2nd or last")
    return (0, 3, 1, 2) if last else (0, 1, 2, 3)


def axes_of_matlab(name: str, shape: tuple[int, ...], channels: int | None, counts: Collection[int]) -> Axes:
    """The axes of an array out of MATLAB, H x W x N or H x W x C x N, or written there by Python, N first.

    Args:
        name: what it is called in messages.
        shape: as MATLAB has it.
        channels: as for `axes_of`.
        counts: how many labels there are, or other values one an image, which tells the order where both would do.

    Raises:
        DataError: no images, or nothing tells which axis counts them.
    """
    if 0 in shape or len(shape) not in (3, 4):
        raise DataError(f"{name}: an array of shape {shape}", f"give H x W x N, H x W x C x N, {_LAYOUTS}")
    counted = shape[-1] in counts, shape[0] in counts
    last, first = len(shape) == 3 or shape[2] <= MAX_CHANNELS, len(shape) == 3 or min(shape[1::2]) <= MAX_CHANNELS
    if last and first and counted[0] != counted[1]:
        last, first = counted
    elif last and first and len(shape) == 3:
        _refuse_single(name, shape)
        last, first = shape[0] == shape[1] != shape[2], shape[1] == shape[2] != shape[0]
    if last == first:
        what = f"{name}: an array of shape {shape}, of which nothing tells whether its first or last axis counts images"
        raise DataError(what, f"save it with numpy.save as {_LAYOUTS}")
    if first:
        return axes_of(name, shape, channels)
    return (2, 0, 1) if len(shape) == 3 else (3, 2, 0, 1)


def to_nchw(values: NDArray[Any], axes: Axes) -> NDArray[Any]:
    """A view of some of an array's images as n x C x H x W."""
    ordered = values.transpose(axes)
    return ordered[:, None] if len(axes) == 3 else ordered


def chw(shape: tuple[int, ...], axes: Axes) -> tuple[int, ...]:
    """Channels, rows and columns of an image of such an array."""
    sizes = tuple(shape[axis] for axis in axes[1:])
    return (1, *sizes) if len(sizes) == 2 else sizes


def _refuse_single(name: str, shape: tuple[int, ...]) -> None:
    if shape[2] in (3, MAX_CHANNELS) and min(shape[:2]) > MAX_CHANNELS:
        raise DataError(f"{name}: one color image of shape {shape}", "give many, N x H x W x C, or a folder of images")
