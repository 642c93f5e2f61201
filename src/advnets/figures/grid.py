"""Pictures of many images: a grid, lines through z space, samples beside what they were trained on."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from advnets.errors import DataError
from advnets.figures.layout import (
    BACKGROUND,
    Pixels,
    check_images,
    chosen_scale,
    enlarge,
    lay_out,
    with_colors,
)

_FRAME_COLOR = (255, 176, 0)  # amber: apart from gray digits and from photographs, for color-blind eyes too


def grid(images: Pixels, columns: int | None = None, padding: int = 2, scale: int | None = None) -> Pixels:
    """Images in rows and columns.

    Args:
        images: uint8, N x C x H x W; one channel is gray, two are red and green, of more three show.
        columns: images side by side; by default about as many as there are rows.
        padding: pixels of background between images and around them.
        scale: whole factor by which each image is enlarged; without it, small ones are, to be easy to see.

    Returns:
        uint8, H x W x 1 or 3.

    Raises:
        DataError: not such images, or a count, padding or scale out of range.
    """
    check_images(images)
    across = math.ceil(math.sqrt(len(images))) if columns is None else columns
    _check_layout(across, padding)
    factor = chosen_scale(scale, images.shape, across, padding)
    return lay_out(enlarge(with_colors(images), factor), across, padding)


def interpolation(rows: Pixels, padding: int = 2, scale: int | None = None) -> Pixels:
    """Figure 3: each row shows the way from one point of z space to another.

    Args:
        rows: uint8, R x S x C x H x W; S steps from left to right.
        padding: pixels of background between rows and around them; the steps of a row touch.
        scale: as for `grid`.

    Returns:
        uint8, H x W x 1 or 3.

    Raises:
        DataError: not such images, or a padding or scale out of range.

    Source: Goodfellow et al. 2014, Figure 3.
    """
    check_images(rows, "RSCHW")
    count, steps, channels, height, width = rows.shape
    _check_layout(steps, padding)
    factor = chosen_scale(scale, rows.shape, steps, padding)
    strips = rows.transpose(0, 2, 3, 1, 4).reshape(count, channels, height, steps * width)
    return lay_out(enlarge(with_colors(strips), factor), 1, padding)


def neighbors(
    samples: Pixels,
    train: Pixels,
    indices: npt.NDArray[np.int64] | None = None,
    columns: int = 6,
    padding: int = 2,
    scale: int | None = None,
) -> Pixels:
    """Figure 2: samples, and in a framed last column the training example nearest to each row's last sample.

    Args:
        samples: uint8, N x C x H x W, N a multiple of `columns` (or less than `columns`: one row).
        train: uint8, M x C x H x W.
        indices: the row of `train` nearest to each sample, N or N x count, as `measures.nearest` gives it;
            without it, `train` itself holds the neighbor of each sample, in the samples' order.
        columns: samples side by side.
        padding, scale: as for `grid`.

    Returns:
        uint8, H x W x 3.

    Raises:
        DataError: images or indices that do not fit together, or a count, padding or scale out of range.

    Source: Goodfellow et al. 2014, Figure 2.
    """
    check_images(samples)
    check_images(train)
    _check_layout(columns, padding)
    across = min(columns, len(samples))
    _check_neighbors(samples, train, indices, across)
    ends = np.arange(across - 1, len(samples), across)
    nearest = ends if indices is None else indices.reshape(len(samples), -1)[ends, 0]
    factor = chosen_scale(scale, samples.shape, across + 1, padding)
    left = lay_out(_in_color(samples, factor), across, padding)
    right = lay_out(_in_color(train[nearest], factor), 1, padding, _FRAME_COLOR)
    gap = np.full((len(left), 2 * padding, 3), BACKGROUND, dtype=np.uint8)
    return np.concatenate([left, gap, right], axis=1)


def _in_color(images: Pixels, factor: int) -> Pixels:
    colored = enlarge(with_colors(images), factor)
    return np.repeat(colored, 3, axis=-1) if colored.shape[-1] == 1 else colored


def _check_layout(columns: int, padding: int) -> None:
    if columns < 1 or padding < 0:
        raise DataError(f"a picture of {columns} columns, padding {padding}", "use 1 or more, and 0 or more")


def _check_neighbors(samples: Pixels, train: Pixels, indices: npt.NDArray[np.int64] | None, columns: int) -> None:
    if samples.shape[1:] != train.shape[1:]:
        raise DataError(
            f"samples are {samples.shape[1:]}, training images {train.shape[1:]}", "give images of one shape"
        )
    if len(samples) % columns:
        raise DataError(f"{len(samples)} samples in rows of {columns}", f"give a multiple of {columns}")
    named = len(train) if indices is None else len(indices)
    if named != len(samples):
        raise DataError(f"{named} neighbors for {len(samples)} samples", "give one for each")
