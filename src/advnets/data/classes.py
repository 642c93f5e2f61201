"""Labels, from the sub-folders that images lie in or from an array of them; and vectors, conditions without classes."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.options import Labels
from advnets.errors import DataError

Labelled = tuple[NDArray[np.int64] | None, tuple[str, ...]]


def folder_labels(source: str, names: list[str], labels: Labels) -> Labelled:
    """Classes by sub-folder: the first folder of each path, below the folders that all paths share.

    Args:
        names: paths of the images below the source.
        labels: "auto" gives labels where every image lies in a sub-folder and there are at least two of them;
            "folder" insists on that; "none" gives none.

    Raises:
        DataError: "folder", and there are no such sub-folders.
    """
    if labels == "none":
        return None, ()
    parents = _below_common([PurePosixPath(name).parts[:-1] for name in names])
    outside = [name for name, parent in zip(names, parents, strict=True) if not parent]
    if not outside:
        classes = sorted({parent[0] for parent in parents}, key=_natural)
        index = {name: number for number, name in enumerate(classes)}
        return np.array([index[parent[0]] for parent in parents], np.int64), tuple(classes)
    if labels == "folder":
        remedy = "put every image into a sub-folder named as its class, at least two of them, or use labels none"
        raise DataError(f"{source}: no class for {outside[0]} ({len(outside)} such images)", remedy)
    return None, ()


def _below_common(parents: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    shared = 0
    for level in zip(*parents, strict=False):
        if len(set(level)) > 1:
            break
        shared += 1
    return [parent[shared:] for parent in parents]


def _natural(name: str) -> tuple[bool, int, str]:
    """Plain numbers in the order of their values, then everything else."""
    number = name.isascii() and name.isdigit()
    return not number, int(name) if number else 0, name


def array_labels(source: str, values: NDArray[Any], count: int, labels: Labels) -> Labelled:
    """Classes by value: each distinct number or text is one, in sorted order.

    Raises:
        DataError: not one integer or text for each image.
    """
    if labels == "none":
        return None, ()
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.shape != (count,) or values.dtype.kind not in "iubU":
        what = f"{source}: labels of shape {values.shape} and type {values.dtype} for {count} images"
        raise DataError(what, "give an integer or text for each image, floats N x V as vectors, or use labels none")
    distinct, index = np.unique(values, return_inverse=True)
    return index.astype(np.int64), tuple(str(value) for value in distinct.tolist())


def array_vectors(source: str, values: NDArray[Any], count: int) -> NDArray[np.float32]:
    """Conditions that are no classes: float32, count x V.

    Raises:
        DataError: not one row of finite floats for each image.
    """
    if values.ndim != 2 or len(values) != count or not values.size or values.dtype.kind != "f":
        what = f"{source}: vectors of shape {values.shape} and type {values.dtype} for {count} images"
        raise DataError(what, "give floats, N x V, a row for each image")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        vectors = values.astype(np.float32)
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(1))[0])
        raise DataError(f"{source}: vector {row} is not finite", "look for NaN or infinity in it, or leave vectors out")
    return vectors
