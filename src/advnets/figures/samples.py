"""A picture of samples, whatever they are: images in a grid, points over real ones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.figures.files import save
from advnets.figures.grid import grid
from advnets.figures.layout import with_colors
from advnets.figures.pairs import pairs
from advnets.figures.plots import scatter

_FEWEST = 200


def side_by_side(sources: npt.NDArray[Any], made: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Each image with its source to the left, as one image twice as wide.

    Args:
        sources: uint8 N x C x h x w, gray or of the channels of the images; of h and w that divide theirs.
        made: uint8 N x C x H x W.

    Returns:
        uint8, N x C x H x 2W; color where either is, and where one alone has opacity it lies over white.
    """
    height, width = made.shape[2:]
    if sources.shape[1] != made.shape[1] and 4 in (sources.shape[1], made.shape[1]):
        sources, made = (
            with_colors(each).transpose(0, 3, 1, 2) if each.shape[1] == 4 else each for each in (sources, made)
        )
    sources = sources.repeat(height // sources.shape[2], 2).repeat(width // sources.shape[3], 3)
    channels = max(made.shape[1], sources.shape[1])
    parts = [each.repeat(channels, 1) if each.shape[1] == 1 else each[:, :channels] for each in (sources, made)]
    return np.concatenate([np.asarray(part, np.uint8) for part in parts], 3)


def save_samples(
    made: npt.NDArray[np.uint8] | npt.NDArray[np.floating],
    path: str | os.PathLike[str],
    real: npt.NDArray[Any] | None,
    columns: Sequence[str] = (),
) -> None:
    """Draws a grid of images, or points over as many real ones: in the plane, or their first columns in pairs.

    Where there are fewer real points than generated ones, they would be hidden: then as many are drawn of both, but
    200 generated ones in any case.

    Args:
        made: uint8 N x C x H x W, or points N x K.
        path: the PNG file to write.
        real: of points, M x K of the data, of which evenly spaced ones are drawn, all where none were made; None
            without. Images need none.
        columns: of points, K names; empty without.

    Raises:
        DataError: points beside real ones of other columns.
        OSError: the file cannot be written.
    """
    if made.ndim == 4:
        save(grid(np.asarray(made, np.uint8)), path)
        return
    draw = scatter if made.shape[1] == 2 else pairs
    if real is None or not len(real):
        draw(made, np.empty((0, made.shape[1])), path, columns)
        return
    count = min(len(made) or len(real), len(real))
    draw(made[: max(count, _FEWEST)], real[np.arange(count) * len(real) // count], path, columns)
