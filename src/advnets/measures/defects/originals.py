"""What is damaged: real images that are none of those which the damaged ones are measured against."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from advnets.data import HELD_OUT, Table, labels_of
from advnets.measures.defects.draws import uniform
from advnets.measures.inputs import slices

Images = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]

CLUSTERS = 10
FEWEST = 20
"""Images that can be damaged and measured at all."""

_CLUSTERED = 5000  # images that find the clusters
_SIDE = 8  # blocks along a side of what the clusters are found in
_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class Originals:
    """Real images to damage.

    Args:
        table: the data.
        pool: rows of the images that may be shown, in the order in which they are taken.
        count: how many make a set; where a defect leaves too few of the pool, the set is smaller.
        searched: rows of the images that memorization searches, none of the pool's.
        seed: of all that is drawn.
        others: images of another table, of the same shape; None where there are none.
    """

    table: Table
    pool: Indices
    count: int
    searched: Indices
    seed: int = 0
    others: Images | None = None

    @property
    def rows(self) -> Indices:
        """The rows of an undamaged set."""
        return self.pool[: self.count]

    def images(self, rows: Indices | None = None) -> Images:
        """These images, or an undamaged set: uint8 n x C x H x W, an array of its own."""
        return np.array(self.table.values[self.rows if rows is None else rows])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        channels, height, width = self.table.shape
        return channels, height, width

    @property
    def colored(self) -> bool:
        """Whether the channels are red, green and blue."""
        return self.shape[0] == 3 and self.table.stack_of is None

    @property
    def classes(self) -> int:
        """How many classes the images of the pool have; 0 where they have no labels."""
        if self.table.labels is None:
            return 0
        labels = labels_of(self.table)[self.pool]
        return len(np.unique(labels[labels >= 0]))

    @functools.cached_property
    def clusters(self) -> Indices:
        """The k-means cluster of each image of the pool, found in means of blocks of it."""
        from scipy.cluster.vq import kmeans2

        small = np.concatenate(
            [_small(self.table.values[self.pool[part]]) for part in slices(len(self.pool), _AT_ONCE)]
        )
        centers, _ = kmeans2(small[:_CLUSTERED], CLUSTERS, iter=20, minit="++", rng=np.random.default_rng(self.seed))
        far = ((small[part, None] - centers) ** 2 for part in slices(len(small), _AT_ONCE))
        return np.concatenate([each.sum(2).argmin(1) for each in far]).astype(np.int64)


def _small(images: Images) -> npt.NDArray[np.float64]:
    """Means of at most 8 x 8 blocks of every channel, a row an image."""
    height, width = images.shape[2:]
    rows, columns = (np.arange(min(side, _SIDE)) * side // min(side, _SIDE) for side in (height, width))
    sums = np.add.reduceat(np.add.reduceat(images.astype(np.float64), rows, 2), columns, 3)
    areas = np.diff([*rows, height])[:, None] * np.diff([*columns, width])
    return (sums / areas).reshape(len(images), -1)


@dataclass(frozen=True, eq=False)
class Parts:
    """Rows of a table that are kept apart.

    Args:
        real: what is measured against.
        pool: what may be damaged, in the order in which it is taken.
        searched: what memorization searches.
        halved: whether `real` is a half of the split that was asked for, since it leaves no other images to damage.
    """

    real: Indices
    pool: Indices
    searched: Indices
    halved: bool


def parted(table: Table, real: str, count: int, seed: int = 0) -> Parts:
    """Rows to measure against, to damage and to search, each in one part only.

    Args:
        table: the images.
        real: the split to measure against: test, valid, valid+test, train or all.
        count: how many are to be damaged.
        seed: of the order.

    Returns:
        Damaged are images of the training split; where that is measured against, held-out ones; where neither leaves
        any, half of the real ones. A quarter of them is kept for memorization to search, and more where there are more,
        up to `count`.
    """
    against = table.rows(real)
    others = table.rows(HELD_OUT if real == "train" else "train") if real != "all" else against[:0]
    halved = len(others) < FEWEST
    if halved:
        mixed = _ordered(against, seed)
        against, others = np.sort(mixed[: len(mixed) // 2]), mixed[len(mixed) // 2 :]
    others = _ordered(others, seed)
    most = max(len(others) // 2, min(count, len(others) * 3 // 4))
    return Parts(against, others[:most], np.sort(others[most : most + max(count, FEWEST)]), halved)


def _ordered(rows: Indices, seed: int) -> Indices:
    """The rows in an order in which each has its place by itself."""
    return rows[np.argsort(uniform(seed, "order", rows), kind="stable")]
