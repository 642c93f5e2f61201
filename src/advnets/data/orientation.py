"""Whether images may be shown mirrored: whether their mirror images are as likely as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ASKED, _AMONG = 1_000, 5_000
_FEWEST, _AT_ONCE = 50, 200
_SIDE = 16  # images are compared at about this size


@dataclass(frozen=True)
class Orientation:
    """How images lie among their mirror images.

    Args:
        share: of the images that were asked for, how many have the nearest other image as it is and not mirrored; ties
            count half. 1/2 where mirror images are as likely, 1 where none looks like one of the set.
        count: how many were asked for.
    """

    share: float
    count: int

    @property
    def any_way(self) -> bool:
        """Whether mirrored images belong to the set, as far as these can tell: within two standard errors of 1/2."""
        return self.count >= _FEWEST and self.share <= 0.5 + 2 * math.sqrt(0.25 / self.count)


def orientation(images: NDArray[np.uint8], seed: int = 0, rows: NDArray[np.int64] | None = None) -> Orientation:
    """Of some images: is another one nearer as it is, or mirrored left to right?

    The nearest neighbor test of two samples (Schilling 1986; Henze 1988), of a set and its mirror image, in pixels of
    small copies. Digits, letters and arrows are far from their mirror images; copies that differ little count for the
    set as it is, so that the answer errs that way.

    Args:
        images: N x C x H x W; fewer than 50 say nothing.
        seed: of which are asked for, and among which.
        rows: the images that are meant; by default all.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    rows = np.arange(len(images)) if rows is None else rows
    rows = np.sort(rows[rng.permutation(len(rows))[:_AMONG]])
    count = min(len(rows), _ASKED)
    if count < _FEWEST:
        return Orientation(1.0, 0)
    parts = (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))
    small = np.concatenate([_small(images[part]) for part in parts])
    flat, mirrored = small.reshape(len(rows), -1), small[..., ::-1].reshape(len(rows), -1)
    asked = rng.permutation(len(rows))[:count]
    same, other = (_nearest(flat, each, asked) for each in (flat, mirrored))
    return Orientation(float(np.where(same == other, 0.5, same < other).mean()), count)


def _small(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Means over equal boxes, about 16 of them a side."""
    height, width = images.shape[2:]
    tall, wide = max(1, height // _SIDE), max(1, width // _SIDE)
    top, left = height % tall // 2, width % wide
    kept = images[:, :, top : top + height // tall * tall, left // 2 : width - (left - left // 2)]
    boxes = kept.reshape(*images.shape[:2], height // tall, tall, width // wide, wide)
    return boxes.mean((3, 5), dtype=np.float64)


def _nearest(flat: NDArray[np.float64], among: NDArray[np.float64], asked: NDArray[np.int64]) -> NDArray[np.float64]:
    """Squared distances of the rows asked for to the nearest row among others; its own does not count."""
    own = flat[asked]
    squares = np.square(own).sum(1)[:, None] + np.square(among).sum(1) - 2 * own @ among.T
    squares[np.arange(len(asked)), asked] = np.inf
    return np.round(squares.min(1), 6)  # equal distances differ by rounding
