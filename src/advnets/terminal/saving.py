"""What a command made, put where the user asked for it."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets import figures
from advnets.data.toys import toy_points
from advnets.errors import DataError
from advnets.files import write_whole
from advnets.runs.directory import writing


def writing_elsewhere(target: Path) -> AbstractContextManager[None]:
    """`writing`, for a file that need not lie in a run directory: it may be put elsewhere."""
    return writing(target, "or choose another place")


def save_json(value: Any, target: Path) -> None:
    """One JSON object in a file.

    Raises:
        RunError: it cannot be written.
    """
    with writing_elsewhere(target):
        write_whole(target, json.dumps(value, indent=1).encode())


def save_made(made: NDArray[np.uint8] | NDArray[np.float32], target: Path, data: str | None) -> None:
    """Samples as `target` names them: a grid (.png), an array (.npy), or a directory of pictures.

    Args:
        made: uint8 N x C x H x W, or float32 points N x 2.
        target: where to.
        data: what the recipe calls the data, for a picture of points.

    Raises:
        DataError: samples are not written in such a form, or the directory holds other pictures.
        RunError: it cannot be written.
    """
    images = made.dtype == np.uint8
    with writing_elsewhere(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".png":
            figures.save_samples(made, target, toy_points(data))
        elif target.suffix == ".npy":
            array = made.transpose(0, 2, 3, 1) if images else made
            write_whole(target, lambda file: np.save(file, array))
        elif target.suffix or not images:
            raise DataError(f"samples cannot be written to {target}", "name a .png, a .npy or, for images, a directory")
        else:
            _save_each(made, target)


def _save_each(images: NDArray[Any], folder: Path) -> None:
    names = {f"{number:06d}.png" for number in range(len(images))}
    if folder.is_dir() and any(file.name not in names for file in folder.glob("*.png")):
        raise DataError(f"{folder} holds other pictures", "name an empty or a new directory")
    figures.save_each(images.transpose(0, 2, 3, 1), folder)
