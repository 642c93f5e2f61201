"""A picture of samples, whatever they are: images in a grid, points in the plane."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.figures.files import save
from advnets.figures.grid import grid
from advnets.figures.plots import scatter


def save_samples(
    made: npt.NDArray[np.uint8] | npt.NDArray[np.float32], path: str | os.PathLike[str], real: npt.NDArray[Any] | None
) -> None:
    """Draws a grid of images, or points over as many real ones.

    Args:
        made: uint8 N x C x H x W, or float32 points N x 2.
        path: the PNG file to write.
        real: the data's values; of points, M x 2, as many are drawn as were made, all where none were. Images need
            none.

    Raises:
        DataError: points without real ones, or not of the plane.
        OSError: the file cannot be written.
    """
    if made.ndim == 4:
        save(grid(np.asarray(made, np.uint8)), path)
    else:
        scatter(made, np.empty((0, 2), np.float32) if real is None else real[: len(made) or None], path)
