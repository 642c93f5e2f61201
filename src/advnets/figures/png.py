"""Pictures as files: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, PngImagePlugin

from advnets.files import write_whole


def save(image: npt.NDArray[np.uint8], path: str | os.PathLike[str], step: int | None = None) -> Path:
    """Writes a picture as PNG, aside first and then renamed, so that no reader meets half of it.

    Args:
        image: uint8, H x W x 1 (gray) or H x W x 3 (color), as `grid` and its kin return it.
        path: where to; folders on the way are made.
        step: of the training that it shows, kept in the file for `step_of`.

    Returns:
        The path.

    Raises:
        OSError: the file cannot be written; what was there is untouched.
    """
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    notes = PngImagePlugin.PngInfo()
    if step is not None:
        notes.add_text("step", str(step))
    target = Path(path)
    write_whole(target, lambda file: picture.save(file, format="PNG", optimize=True, pnginfo=notes))
    return target


def save_each(images: npt.NDArray[np.uint8], folder: str | os.PathLike[str]) -> Path:
    """Writes images as PNG files of their own: 000000.png, 000001.png, ...

    Args:
        images: uint8, N x H x W x 1 (gray) or N x H x W x 3 (color).
        folder: where to; made if need be.

    Returns:
        The folder.

    Raises:
        OSError: a file cannot be written.
    """
    target = Path(folder)
    for number, image in enumerate(images):
        picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        write_whole(target / f"{number:06d}.png", lambda file, p=picture: p.save(file, format="PNG"), durable=False)
    return target


def step_of(path: str | os.PathLike[str]) -> int | None:
    """The step of the training that a saved picture shows; None where it does not say, or is not there."""
    try:
        with Image.open(path) as picture:
            return int(picture.info["step"])
    except (OSError, KeyError, ValueError, SyntaxError):
        return None
