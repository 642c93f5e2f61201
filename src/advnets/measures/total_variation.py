"""Total variation: how much neighboring pixels differ, beside real images. Less than 1 is blur."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError
from advnets.measures.inputs import PIXEL_STEPS, Images, Rows, blocks, check_comparable, rows_of
from advnets.measures.intervals import normal
from advnets.measures.measurement import Measurement

CAVEAT = (
    "One average over all neighboring pixels: noise on blurred images brings it back to 1, and it does not say that "
    "samples look like anything."
)


def total_variation(samples: npt.ArrayLike, real: npt.ArrayLike) -> Measurement:
    """Mean absolute difference of horizontal and vertical neighbors in `samples`, divided by that in `real`.

    The delta method for a ratio of independent means r = a / b: var(r) = r^2 (var(a) / a^2 + var(b) / b^2).

    Args:
        samples: N x C x H x W or N x H x W, uint8 or floating point in [0, 1], at least 2.
        real: images of the same size, at least 2.

    Returns:
        The ratio: 1 is as sharp as real images, less is blurred, more is noisy; its standard error counts the chance in
        both sets. Details: `samples_mean` and `real_mean`, the mean absolute differences in units of [0, 1].

    Raises:
        MeasureError: images that cannot be compared or have no neighboring pixels; no contrast in `real`.
    """
    ours, theirs = rows_of(samples, "samples", minimum=2), rows_of(real, "real", minimum=2)
    check_comparable(ours, theirs)
    ours_each, theirs_each = _variations(ours), _variations(theirs)
    ours_mean, theirs_mean = float(ours_each.mean()), float(theirs_each.mean())
    if theirs_mean == 0:
        raise MeasureError("real: every image is of one color", "compare with images that have contrast")
    errors = [_standard_error(ours_each), _standard_error(theirs_each) * ours_mean / theirs_mean]
    value, error = ours_mean / theirs_mean, math.hypot(*errors) / theirs_mean
    return Measurement(
        measure="total_variation",
        value=value,
        standard_error=error,
        interval=normal(value, error),
        interval_by="delta method, over the samples and the real images",
        samples=len(ours),
        real=len(theirs),
        details={"samples_mean": ours_mean, "real_mean": theirs_mean},
        caveat=CAVEAT,
    )


def _variations(rows: Rows) -> npt.NDArray[np.float64]:
    """Each image's mean absolute difference of neighboring pixels, in units of [0, 1]."""
    if len(rows.shape) not in (2, 3):
        raise MeasureError(f"{rows.name}: images of shape {rows.shape}", "give N x C x H x W or N x H x W")
    height, width = rows.shape[-2:]
    pairs = rows.dimension // (height * width) * (height * (width - 1) + (height - 1) * width)
    if pairs == 0:
        raise MeasureError(f"{rows.name}: images of one pixel", "give images with neighboring pixels")
    images = rows.values.reshape(len(rows), -1, height, width)
    sums = np.concatenate([_absolute_differences(block) for block in blocks(images)])
    return sums / (pairs * (PIXEL_STEPS if rows.is_uint8 else 1))


def _absolute_differences(images_NCHW: Images) -> npt.NDArray[np.float64]:
    wide = np.int16 if images_NCHW.dtype == np.uint8 else np.float64
    total = np.int64 if images_NCHW.dtype == np.uint8 else np.float64
    values = images_NCHW.astype(wide)
    sums = [np.abs(np.diff(values, axis=axis)).sum(axis=(1, 2, 3), dtype=total) for axis in (2, 3)]
    return (sums[0] + sums[1]).astype(np.float64)


def _standard_error(values: npt.NDArray[np.float64]) -> float:
    return float(values.std(ddof=1)) / math.sqrt(len(values))
