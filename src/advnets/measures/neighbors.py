"""Nearest training examples of samples: whether a generator remembers (the paper's Figure 2)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from advnets.errors import MeasureError
from advnets.measures.distances import Stripe, stripes
from advnets.measures.inputs import PIXEL_STEPS, Images, Rows, blocks, check_comparable, rows_of

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_DIFFERENCES_AT_ONCE = 1 << 22


def nearest(samples: npt.ArrayLike, train: npt.ArrayLike, count: int = 1) -> tuple[Indices, Floats]:
    """The `count` training images nearest to each sample, by Euclidean distance.

    Args:
        samples: N x ..., uint8 or floating point in [0, 1].
        train: M x ... of the same shape.
        count: neighbors per sample, from 1 to M.

    Returns:
        Rows of `train`, N x count, nearest first, equal distances by lowest row; and the distances in units
        of [0, 1], N x count, float64.

    Raises:
        MeasureError: images that cannot be compared, or a count out of range.
    """
    left, right = rows_of(samples, "samples"), rows_of(train, "train")
    check_comparable(left, right)
    if not 1 <= count <= len(right):
        raise MeasureError(f"{count} neighbors among {len(right)} images", f"use 1 to {len(right)}")
    found = [_nearest_in(left, right, rows, stripe, count) for rows, stripe in stripes(left, right)]
    return np.concatenate([indices for indices, _ in found]), np.concatenate([far for _, far in found])


def _nearest_in(left: Rows, right: Rows, rows: slice, stripe: Stripe, count: int) -> tuple[Indices, Floats]:
    which, columns, squared = _contenders(stripe, rows.stop - rows.start, count, _tolerance(left, right))
    if not (left.is_uint8 and right.is_uint8):
        squared = _direct(left.values[rows], right.values, which, columns)
    order = np.lexsort((columns, squared, which))
    per_row = np.bincount(which)
    chosen = order[(per_row.cumsum() - per_row)[:, None] + np.arange(count)]
    return columns[chosen], np.sqrt(squared[chosen])


def _contenders(stripe: Stripe, rows: int, count: int, tolerance: float) -> tuple[Indices, Indices, Floats]:
    """Every pair that may be among its row's nearest: (row, column, squared distance)."""
    best = torch.full((rows, count), math.inf, dtype=torch.float64, device="cpu")
    kept: list[tuple[Tensor, Tensor, Tensor]] = []
    for columns, squared in stripe:
        hopeful = (squared.amin(1) <= best[:, -1] + tolerance).nonzero().squeeze(1)
        tile = squared[hopeful]
        best[hopeful] = _smallest(torch.cat([best[hopeful], tile], 1), count)
        row, column = (tile <= best[hopeful, -1:] + tolerance).nonzero().unbind(1)
        kept.append((hopeful[row], column + columns.start, tile[row, column]))
    row, column, squared = (torch.cat(parts) for parts in zip(*kept, strict=True))
    last = squared <= best[row, -1] + tolerance
    return row[last].numpy(), column[last].numpy(), squared[last].numpy()


def _smallest(values: Tensor, count: int) -> Tensor:
    return values.amin(1, keepdim=True) if count == 1 else values.topk(count, largest=False).values


def _tolerance(left: Rows, right: Rows) -> float:
    """A bound on what a squared distance by matrix product may be off; exact arithmetic is off by nothing."""
    if left.is_uint8 and right.is_uint8:
        return 0.0
    largest = max(_largest(left), _largest(right))
    return 8 * np.finfo(np.float64).eps * (left.dimension * largest) ** 2


def _largest(rows: Rows) -> float:
    return 1.0 if rows.is_uint8 else max(float(np.abs(block).max()) for block in blocks(rows.values))


def _direct(left: Images, right: Images, rows: Indices, columns: Indices) -> Floats:
    """Squared distances of pairs by differences, so that equal training images are equally far."""
    step = max(1, _DIFFERENCES_AT_ONCE // left.shape[1])
    parts = (slice(start, start + step) for start in range(0, len(rows), step))
    return np.concatenate([_differences(left[rows[part]], right[columns[part]]) for part in parts])


def _differences(left: Images, right: Images) -> Floats:
    return np.square(_unit(left) - _unit(right)).sum(1)


def _unit(values: Images) -> Floats:
    wide = values.astype(np.float64)
    return wide / PIXEL_STEPS if values.dtype == np.uint8 else wide
