"""Writing pictures: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from advnets.errors import RunError
from advnets.files import write_whole


def save(image: npt.NDArray[np.uint8], path: str | os.PathLike[str]) -> Path:
    """Writes a picture as PNG, aside first and then renamed, so that no reader meets half of it.

    Args:
        image: uint8, H x W x 1 (gray) or H x W x 3 (color), as `grid` and its kin return it.
        path: where to; folders on the way are made.

    Returns:
        The path.

    Raises:
        RunError: the file cannot be written.
    """
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    return write(path, lambda file: picture.save(file, format="PNG", optimize=True))


def write(path: str | os.PathLike[str], fill: Callable[[BinaryIO], object]) -> Path:
    """Lets `fill` write a temporary file in the target's folder, then puts it in place.

    Raises:
        RunError: the folder or the file cannot be written.
    """
    target = Path(path)
    try:
        write_whole(target, fill)
    except OSError as error:
        raise RunError(f"{target}: cannot write the picture ({error.strerror})", "choose another place") from error
    return target
