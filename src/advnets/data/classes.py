"""Labels, from the sub-folders that images lie in or from an array of them; and vectors, conditions without classes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.notes import Coded, parts
from advnets.errors import DataError

UNKNOWN = "-1"
"""What labels call an example whose class nobody knows."""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_SHOWN = 8  # names in a message
Labelled = tuple[NDArray[np.int64] | None, tuple[str, ...]]


def folder_labels(below: Coded, free: Sequence[bool]) -> Labelled:
    """Classes by sub-folder: the first folder of each path, below those that all share.

    There are none where not every image lies in a sub-folder, or none has to.

    Args:
        below: the images' folders, as tuples, without those that are no classes.
        free: of each of these, whether images in it may lie in no sub-folder; they have class -1.
    """
    if all(free) or any(not parent and not is_free for parent, is_free in zip(below.values, free, strict=True)):
        return None, ()
    classes = sorted({parent[0] for parent in below.values if parent}, key=natural)
    index = {name: number for number, name in enumerate(classes)}
    return below.table(lambda parent: index[parent[0]] if parent else -1, -1, np.int64), tuple(classes)


def below_common(parents: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Folders of paths without those that all paths share."""
    shared = 0
    for level in zip(*parents, strict=False):
        if len(set(level)) > 1:
            break
        shared += 1
    return [parent[shared:] for parent in parents]


def natural(name: str) -> tuple[bool, float, tuple[tuple[bool, int, str, str], ...], str]:
    """Sorts names as people do: numbers by value ("-1" before "0.25"), then other names, numbers in them by value, too.

    A number may have any length: of two without zeros before them the longer is greater.
    """
    value = float(name) if _NUMBER.fullmatch(name) else math.inf
    words = re.findall(r"([0-9]+)|([^0-9]+)", name)
    parts = [(digits, digits.lstrip("0"), text) for digits, text in words]
    by_value = tuple((not digits, len(number), number, digits or text) for digits, number, text in parts)
    return value == math.inf, value, by_value, name


def array_labels(source: str, values: NDArray[Any], count: int) -> Labelled:
    """Classes by value: each distinct number or text is one, in natural order.

    Args:
        values: N, or N x 1.

    Raises:
        DataError: not one integer or text for each image.
    """
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.shape != (count,) or values.dtype.kind not in "iubU":
        what = f"{source}: labels of shape {values.shape} and type {values.dtype} for {count} images"
        raise DataError(what, "give an integer or text for each image, floats N x V as vectors, or use labels none")
    distinct, index = np.unique(values, return_inverse=True)
    names = [str(value) for value in distinct.tolist()]
    if values.dtype.kind != "U":
        return index.astype(np.int64), tuple(names)
    order = sorted(range(len(names)), key=lambda place: natural(names[place]))
    return np.argsort(order)[index].astype(np.int64), tuple(names[place] for place in order)


def known_classes(source: str, labels: NDArray[np.int64] | None, classes: tuple[str, ...]) -> Labelled:
    """Labels without the class -1, whose examples have no class.

    Beside one other class, 1, it is a class as that is: what is so coded is there or not, as CelebA's attributes.

    Args:
        source: what the data are called, in messages.
        labels: int64, N, indices into `classes`, -1 where unknown; None without.
        classes: their names.

    Raises:
        DataError: other numbers below 0 stand beside -1: a mistake, or classes among which -1 is one.
    """
    if labels is None or UNKNOWN not in classes or set(classes) == {UNKNOWN, "1"}:
        return labels, classes
    place = classes.index(UNKNOWN)
    below = [name for name in classes if name != UNKNOWN and name.startswith("-") and _NUMBER.fullmatch(name)]
    if below:
        counts = {name: int((labels == classes.index(name)).sum()) for name in (*below, UNKNOWN)}
        wrong = ", ".join(f"{name} ({counts[name]:,})" for name in below[:_SHOWN]) + ", ..." * (len(below) > _SHOWN)
        what = f"{source}: labels below 0 (of so many rows): {wrong} beside -1, unknown ({counts[UNKNOWN]:,})"
        remedy = "write -1 for them too if they are unknown, names such as n1 for classes, or use labels none"
        raise DataError(what, remedy)
    numbers = np.where(labels == place, -1, labels - (labels > place))
    return numbers, tuple(name for name in classes if name != UNKNOWN)


def single_classes(labels: NDArray[np.int64] | None, classes: Sequence[str]) -> list[str]:
    """Classes of a single example: seldom meant, as a label that was mistyped.

    Args:
        labels: int64, N, indices into `classes`, -1 where unknown; None without.
        classes: their names.
    """
    if labels is None:
        return []
    counts = np.zeros(len(classes), np.int64)
    for part in parts(labels):
        counts += np.bincount(part[part >= 0], minlength=len(classes))
    return [name for name, count in zip(classes, counts, strict=True) if count == 1 and name != UNKNOWN]


def joined_labels(source: str, parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Labels, or vectors, of several files or splits as one array.

    Args:
        parts: each N, or N x V.

    Raises:
        DataError: there are more of an image in one than in another.
    """
    if len({part.shape[1:] for part in parts}) > 1:
        shapes = " and ".join(str(part.shape) for part in parts)
        remedy = "give as many for each image everywhere, or use labels none"
        raise DataError(f"{source}: labels of shapes {shapes} for its parts", remedy)
    return np.concatenate(parts)


def array_vectors(source: str, values: NDArray[Any], count: int) -> NDArray[np.float32]:
    """Conditions that are no classes: float32, count x V; a row of NaN alone is one of an unknown condition.

    Raises:
        DataError: not one row of finite floats for each image, or none that is known.
    """
    if values.ndim != 2 or len(values) != count or not values.size or values.dtype.kind not in "fiub":
        what = f"{source}: vectors of shape {values.shape} and type {values.dtype} for {count} images"
        raise DataError(what, "give numbers, N x V, a row for each image")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        vectors = values.astype(np.float32)
    known = ~np.isnan(vectors).all(1)
    if not known.any():
        raise DataError(f"{source}: all vectors are NaN, unknown", "give numbers, or leave vectors out")
    if not np.isfinite(vectors[known]).all():
        row = int(np.flatnonzero(known & ~np.isfinite(vectors).all(1))[0])
        raise DataError(f"{source}: vector {row} is not finite", "look for NaN or infinity in it, or leave vectors out")
    return vectors
