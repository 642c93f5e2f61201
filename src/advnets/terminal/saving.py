"""What a command made, put where the user asked for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets import figures
from advnets.data.open_data import real_points
from advnets.data.table import Skipped
from advnets.errors import DataError
from advnets.files import write_whole
from advnets.runs.directory import writing
from advnets.runs.run import Run
from advnets.runs.sampling import Samples
from advnets.terminal.tables import SUFFIXES as TABLES
from advnets.terminal.tables import save_table

ARRAYS = ".npy", ".npz"
_SHOWN = 10  # files that are left out


def writing_elsewhere(target: Path) -> AbstractContextManager[None]:
    """`writing`, for a file that need not lie in a run directory: it may be put elsewhere."""
    return writing(target, "or choose another place")


def say_left_out(skipped: Sequence[Skipped]) -> None:
    """Name files of which nothing was made, some of many."""
    for each in skipped[:_SHOWN]:
        print(f"left out: {each}", file=sys.stderr)
    if len(skipped) > _SHOWN:
        print(f"left out: {len(skipped) - _SHOWN:,} more", file=sys.stderr)


def save_json(value: Any, target: Path) -> None:
    """One JSON object in a file.

    Raises:
        RunError: it cannot be written.
    """
    with writing_elsewhere(target):
        write_whole(target, json.dumps(value, indent=1).encode())


def save_made(made: Samples, target: Path, run: Run, classes: Sequence[str] = ()) -> None:
    """Samples as `target` names them: a picture, of points also an array (.npy, .npz) or a table (.csv, .parquet).

    Args:
        made: uint8 N x C x H x W; points N x D or N x K.
        target: where to.
        run: that they are of.
        classes: the N samples' classes, which an .npz keeps as y and a table in a column.

    Raises:
        RunError: it cannot be written.
    """
    with writing_elsewhere(target):
        if target.suffix in ARRAYS:
            _save_array(made, target, classes)
        elif target.suffix in TABLES and made.dtype != np.uint8:
            save_table(made, target, run.scale, classes)
        else:
            points = None if made.dtype == np.uint8 else real_points(run.recipe)
            figures.save_samples(made, target, points, run.columns)


def check_target(target: Path, images: bool) -> None:
    """See that samples can be written to such a file or directory, before they are drawn.

    Raises:
        DataError: they cannot.
    """
    pictures = figures.ENDINGS if images else (".png",)
    others = ("",) if images else TABLES
    if target.suffix not in (*ARRAYS, *others) and target.suffix.lower() not in pictures:
        pairs = "a .png, .jpg, .webp, .npy, .npz or a directory", "a .png, .npy, .npz, .csv or .parquet"
        raise DataError(f"samples cannot be written to {target}", f"name {pairs[0] if images else pairs[1]}")


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
