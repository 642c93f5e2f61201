"""Images of which something is missing, and what it was filled in with, side by side."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from advnets.errors import DataError
from advnets.figures.grid import grid
from advnets.figures.layout import Pixels, check_images

_MISSING = (255, 176, 0)  # amber, as the frames of neighbors: apart from gray digits and from photographs


def completions(
    images: Pixels,
    missing: npt.NDArray[np.bool_],
    completed: Pixels,
    padding: int = 2,
    scale: int | None = None,
) -> Pixels:
    """A row an image: as it is, with what is missing in amber, and each of its completions.

    Args:
        images: uint8, N x C x H x W.
        missing: bool, of the same shape. Of what is missing in some channels alone, these are dark.
        completed: uint8, N x count x C x H x W.
        padding, scale: as for `grid`.

    Returns:
        uint8, H x W x 3.

    Raises:
        DataError: not such images, or they do not fit each other.
    """
    check_images(images)
    check_images(completed, "NKCHW")
    if missing.shape != images.shape or completed.shape != (len(images), completed.shape[1], *images.shape[1:]):
        what = f"images {images.shape}, masks {missing.shape} and completions {completed.shape}"
        raise DataError(what, "give N x C x H x W, the same, and N x count x C x H x W")
    shown = np.where(missing, 0, images).astype(np.uint8)
    rows = np.concatenate([images[:, None], shown[:, None], completed], 1)
    colored = np.repeat(rows, 3, 2) if images.shape[1] == 1 else rows[:, :, :3]
    nothing = missing.all(1)
    for channel, value in enumerate(_MISSING[: colored.shape[2]]):
        colored[:, 1, channel][nothing] = value
    return grid(colored.reshape(-1, *colored.shape[2:]), rows.shape[1], padding, scale)
