"""Accuracy: whether samples of a class are that class, to a classifier of real images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError
from advnets.measures.intervals import normal, wilson
from advnets.measures.measurement import Measurement

Labels = npt.NDArray[np.int64]

CAVEAT = (
    "The same picture for all samples of a class scores 1, and no classifier is better than its own accuracy on real "
    "images, which stands beside it."
)


def accuracy(
    seen: npt.ArrayLike,
    wanted: npt.ArrayLike,
    classes: Sequence[str],
    *,
    real_seen: npt.ArrayLike = (),
    real_wanted: npt.ArrayLike = (),
    features: str = "classifier",
) -> Measurement:
    """Share of the samples of a class that a classifier takes for that class; mean over the classes.

    Args:
        seen: the class of each sample as a classifier sees it, integers from 0 to len(classes) - 1.
        wanted: the class that each was to be.
        classes: their names.
        real_seen, real_wanted: the same of real images.
        features: what assigned the classes.

    Returns:
        The mean over the classes that were wanted of each one's share, each as heavy as the others. Its interval covers
        the chance in the samples (of one class: Wilson's). Details: `real_accuracy`, the same mean of real images, None
        without; of several classes `by_class`, and `worst`, the class whose share is least, with `worst_share` and its
        `worst_interval` (Wilson).

    Raises:
        MeasureError: not one class wanted for each sample, or none at all.
    """
    ours, asked = _pair(seen, wanted, len(classes), "samples")
    theirs, known = _pair(real_seen, real_wanted, len(classes), "real images")
    right, counts = _right(ours, asked, len(classes))
    if not counts.any():
        raise MeasureError("no samples whose class is known", "give samples of a conditional game")
    some = np.flatnonzero(counts)
    return Measurement(
        measure="accuracy",
        value=float((right[some] / counts[some]).mean()),
        interval=_interval(right[some], counts[some]),
        interval_by="normal over the samples of each class" if len(some) > 1 else "Wilson over the samples",
        samples=len(ours),
        real=len(theirs),
        features=features,
        details={
            "real_accuracy": _mean_share(theirs, known, len(classes)),
            **(_of_each(right, counts, classes) if len(some) > 1 else {}),
        },
        caveat=CAVEAT,
    )


def _interval(right: Labels, counts: Labels) -> tuple[float, float]:
    """Of the mean share; each class's chance by Wilson's middle, which is never sure of 0 or 1."""
    if len(right) == 1:
        return wilson(float(right[0]), int(counts[0]))
    likely = (right + 1) / (counts + 2)
    error = math.sqrt(float((likely * (1 - likely) / counts).sum())) / len(right)
    low, high = normal(float((right / counts).mean()), error)
    return max(0.0, low), min(1.0, high)


def _of_each(right: Labels, counts: Labels, classes: Sequence[str]) -> dict[str, Any]:
    """Each class's share, and the worst one."""
    shares = {name: float(r / n) for name, r, n in zip(classes, right, counts, strict=True) if n}
    worst = min(shares, key=shares.__getitem__)
    number = classes.index(worst)
    return {
        "worst": worst,
        "worst_share": shares[worst],
        "worst_interval": wilson(float(right[number]), int(counts[number])),
        "by_class": shares,
    }


def _mean_share(seen: Labels, wanted: Labels, classes: int) -> float | None:
    right, counts = _right(seen, wanted, classes)
    some = counts > 0
    return float((right[some] / counts[some]).mean()) if some.any() else None


def _right(seen: Labels, wanted: Labels, classes: int) -> tuple[Labels, Labels]:
    """Of each class, how many were taken for it, and how many were to be."""
    hits = np.bincount(wanted[seen == wanted], minlength=classes)
    return hits.astype(np.int64), np.bincount(wanted, minlength=classes).astype(np.int64)


def _pair(seen: Any, wanted: Any, classes: int, name: str) -> tuple[Labels, Labels]:
    one, other = (np.asarray(each, np.int64) for each in (seen, wanted))
    if one.shape != other.shape or one.ndim != 1:
        raise MeasureError(f"{name}: {one.shape} classes seen, {other.shape} wanted", "give one of each for every one")
    for each in (one, other):
        if len(each) and (each.min() < 0 or each.max() >= classes):
            raise MeasureError(f"{name}: classes from {each.min()} to {each.max()}", f"give 0 to {classes - 1}")
    return one, other
