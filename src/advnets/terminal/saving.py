"""What a command made, put where the user asked for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote

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


def save_made(
    made: NDArray[np.uint8] | NDArray[np.float32], target: Path, data: str | None, classes: Sequence[str] = ()
) -> None:
    """Samples as `target` names them: a grid (.png), an array (.npy, .npz), or a directory of pictures.

    Args:
        made: uint8 N x C x H x W, or float32 points N x 2.
        target: where to.
        data: what the recipe calls the data, for a picture of points.
        classes: the N samples' classes, which an .npz keeps as y and a directory as sub-folders.

    Raises:
        DataError: samples are not written in such a form, or the directory holds other pictures.
        RunError: it cannot be written.
    """
    images = made.dtype == np.uint8
    with writing_elsewhere(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".png":
            figures.save_samples(made, target, toy_points(data))
        elif target.suffix in (".npy", ".npz"):
            _save_array(made.transpose(0, 2, 3, 1) if images else made, target, classes)
        elif target.suffix or not images:
            remedy = "name a .png, .npy, .npz or, for images, a directory"
            raise DataError(f"samples cannot be written to {target}", remedy)
        else:
            _save_each(made, target, classes)


def save_by_class(made: NDArray[np.uint8], target: Path, names: Sequence[str]) -> None:
    """A picture of samples, a row a class.

    Args:
        made: uint8 K x N x C x H x W.
        target: the PNG file.
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


def _save_each(images: NDArray[Any], folder: Path, classes: Sequence[str]) -> None:
    """A PNG each; with classes in a sub-folder each, so that they are data with classes again."""
    kinds = np.array(list(classes) or [""] * len(images))
    parts = {_folder_name(name) if classes else "": kinds == name for name in dict.fromkeys(kinds.tolist())}
    names = {str(Path(part, f"{number:06d}.png")) for part, mine in parts.items() for number in range(mine.sum())}
    if folder.is_dir() and any(str(file.relative_to(folder)) not in names for file in folder.rglob("*.png")):
        raise DataError(f"{folder} holds other pictures", "name an empty or a new directory")
    for part, mine in parts.items():
        figures.save_each(images[mine].transpose(0, 2, 3, 1), folder / part)


def _folder_name(name: str) -> str:
    """A class as a folder's name, which leaves its folder nowhere and is not hidden."""
    quoted = "".join(letter if letter.isprintable() and letter not in "/\\%" else quote(letter, "") for letter in name)
    return quoted.replace(".", "%2E", 1) if quoted.startswith(".") else quoted or "%"
