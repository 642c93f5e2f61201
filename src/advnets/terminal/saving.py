"""What a command made, put where the user asked for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
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

ARRAYS = ".npy", ".npz"


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


def save_made(
    made: NDArray[np.uint8] | NDArray[np.float32], target: Path, data: str | None, classes: Sequence[str] = ()
) -> None:
    """Samples as `target` names them: a picture, of points also an array (.npy, .npz).

    Args:
        made: uint8 N x C x H x W, or float32 points N x 2.
        target: where to.
        data: what the recipe calls the data, for a picture of points.
        classes: the N samples' classes, which an .npz keeps as y.

    Raises:
        RunError: it cannot be written.
    """
    with writing_elsewhere(target):
        if target.suffix in ARRAYS:
            _save_array(made, target, classes)
        else:
            figures.save_samples(made, target, toy_points(data))


def check_target(target: Path, images: bool) -> None:
    """See that samples can be written to such a file or directory, before they are drawn.

    Raises:
        DataError: they cannot.
    """
    pictures = figures.ENDINGS if images else (".png",)
    if target.suffix not in (*ARRAYS, *([""] if images else [])) and target.suffix.lower() not in pictures:
        remedy = "name a .png, .jpg, .webp, .npy, .npz or a directory" if images else "name a .png, .npy or .npz"
        raise DataError(f"samples cannot be written to {target}", remedy)


def save_by_class(made: NDArray[np.uint8], target: Path, names: Sequence[str]) -> None:
    """A picture of samples, a row a class.

    Args:
        made: uint8 K x N x C x H x W.
        target: the picture's file.
        names: of the K classes.

    Raises:
        DataError: more classes than fit into a picture.
        RunError: it cannot be written.
    """
    with writing_elsewhere(target):
        figures.save(figures.by_class(made, names), target)


def _save_array(array: NDArray[Any], target: Path, classes: Sequence[str]) -> None:
    if target.suffix == ".npy":
        write_whole(target, lambda file: np.save(file, array))
    elif classes:
        write_whole(target, lambda file: np.savez(file, x=array, y=np.array(classes)))
    else:
        write_whole(target, lambda file: np.savez(file, x=array))
