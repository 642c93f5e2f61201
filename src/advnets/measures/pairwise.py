"""Distances between two large sets of features: by matrix product, in tiles, right to float64's last digits.

||x - y||^2 = ||x||^2 + ||y||^2 - 2 x.y turns differences into a matrix product, whose terms cancel where x and y are
near. A product of D terms with unit roundoff u is off by at most D u |x| |y|, so a tile holds *lower bounds*:

    (1 - c) (||x||^2 + ||y||^2) - 2 x.y <= ||x - y||^2 <= the same + 2 c (||x||^2 + ||y||^2),   c = (D + 12) u

(2 |x| |y| <= ||x||^2 + ||y||^2; the 12 pays for centering, norms and sums). Whatever the bounds cannot tell (which
point is the nearest, whether a point lies within a radius) is settled by differences in float64, pair by pair: a few
pairs in a million. So float32 products give float64 answers, and a pair's distance is the same number wherever it is
asked for. Features are centered first, which makes the norms, and so the bounds, as small as they get.

Products run in float64 where rows are short (nearly as cheap, and toy data lie close together) and where PyTorch has
been told to multiply float32 in bfloat16 or TF32. Memory is that of a few tiles, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from advnets.data.parallel import progress_bar
from advnets.measures.inputs import slices
from advnets.sharing import beside, own_share, sharers

Features = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

TILE = 1024
"""Rows and columns of a tile: enough for a matrix product at full speed, 4 MB in float32."""

_SHORT = 512  # up to so many features a float64 product costs little beside the work on its tile
_SPARE = 3  # contenders kept beyond those asked for, so that close calls seldom need a second look
_DIFFERENCES_AT_ONCE = 1 << 20
_MANY = 1 << 15  # more unsettled pairs than this in a tile, and float64 bounds come cheaper than differences


@dataclass(frozen=True)
class Tile:
    """Bounds of the squared distances of some rows to some columns.

    Attributes:
        rows: slice of the left set.
        columns: slice of the right set.
        lower: rows x columns, at most the squared distance (a little below 0 for equal points); infinite where a
            point meets itself and, within one set, below the diagonal, so that a pair counts once.
        slack: lower + slack is at least the squared distance.
    """

    rows: slice
    columns: slice
    lower: Tensor
    slack: float


@dataclass(frozen=True)
class Pairs:
    """Pairs of points: rows of the left set, rows of the right set, squared distances."""

    rows: Indices
    columns: Indices
    squared: Floats


@dataclass(frozen=True)
class Neighbors:
    """The nearest points of each row: N x count, nearest first; of several as near, any.

    Attributes:
        rows: which, rows of the set searched.
        squared: squared distances, by differences in float64.
    """

    rows: Indices
    squared: Floats


@dataclass(frozen=True)
class Distances:
    """Squared distances of every row of `left` to every row of `right`, in tiles.

    Attributes:
        left: N x D.
        right: M x D; the same array for distances within one set.
        own: a row of `right` for each row of `left` that does not count: itself.
        dtype: of the products; float64 where it is not given and rows are short.
        label: what a progress bar over the tiles says; empty for none.
    """

    left: Features
    right: Features
    own: Indices | None = None
    dtype: torch.dtype = field(default=torch.float32)
    label: str = ""

    @classmethod
    def between(cls, left: Features, right: Features, own: Indices | None = None, label: str = "") -> Distances:
        short = left.shape[1] <= _SHORT
        return cls(left, right, own, torch.float64 if short or not _multiplies_in_full() else torch.float32, label)

    @property
    def is_within(self) -> bool:
        return self.left is self.right and self.own is None

    def widened(self) -> Distances:
        return Distances(self.left, self.right, self.own, torch.float64)

    def tiles(self) -> Iterator[Tile]:
        """All tiles; within one set those on and above the diagonal."""
        return self._tiles(self._places())

    def own_tiles(self) -> Iterator[Tile]:
        """This process's share of the tiles, where several share work."""
        return self._tiles(own_share(self._places()))

    def _places(self) -> Iterator[tuple[slice, slice]]:
        for rows in slices(len(self.left), TILE):
            for columns in slices(len(self.right), TILE):
                if not self.is_within or columns.start >= rows.start:
                    yield rows, columns

    def _tiles(self, places: Iterator[tuple[slice, slice]]) -> Iterator[Tile]:
        center = _center(self.left, self.right)
        total = len(self.left) * len(self.right)
        before, ours = slice(0), self._centered(self.left[:0], center)
        with progress_bar(self.label, total, unit="distances", shown=bool(self.label)) as advance:
            for rows, columns in places:
                if rows != before:
                    before, ours = rows, self._centered(self.left[rows], center)
                yield self._tile(rows, columns, ours, self._centered(self.right[columns], center))
                both = 2 if self.is_within and rows != columns else 1  # distances of its rows, and of its columns
                advance((rows.stop - rows.start) * (columns.stop - columns.start) * both * sharers())

    def tile(self, rows: slice, columns: slice) -> Tile:
        """One of them, centered on itself."""
        center = _center(self.left[rows], self.right[columns])
        return self._tile(
            rows, columns, self._centered(self.left[rows], center), self._centered(self.right[columns], center)
        )

    def _centered(self, values: Features, center: Floats) -> tuple[Tensor, Tensor]:
        """Centered rows, and their squared lengths in float64."""
        wide = self.dtype == torch.float64
        centered = torch.from_numpy(values - (center if wide else center.astype(np.float32)))
        return centered, torch.linalg.vector_norm(centered, dim=1, dtype=torch.float64).square_()

    def _tile(self, rows: slice, columns: slice, left: tuple[Tensor, Tensor], right: tuple[Tensor, Tensor]) -> Tile:
        (x, x_norms), (y, y_norms) = left, right
        share = (x.shape[1] + 12) * torch.finfo(self.dtype).eps / 2
        with torch.autocast("cpu", enabled=False):
            lower = torch.addmm(((1 - share) * y_norms).to(self.dtype), x, y.T, alpha=-2)
        lower.add_(((1 - share) * x_norms).to(self.dtype)[:, None])
        self._leave_out(rows, columns, lower)
        return Tile(rows, columns, lower, 2 * share * float(x_norms.max() + y_norms.max()))

    def _leave_out(self, rows: slice, columns: slice, lower: Tensor) -> None:
        if self.is_within and rows == columns:
            below = torch.ones_like(lower, dtype=torch.bool).tril_()
            lower.masked_fill_(below, torch.inf)
        elif self.own is not None:
            own = torch.from_numpy(self.own[rows] - columns.start)
            here = ((own >= 0) & (own < lower.shape[1])).nonzero().squeeze(1)
            lower[here, own[here]] = torch.inf


def squared_distances(left: Features, right: Features, rows: Indices, columns: Indices) -> Floats:
    """Of pairs, by differences in float64: the same number for a pair whichever set is called left."""
    found = np.empty(len(rows))
    for part in slices(len(rows), max(1, _DIFFERENCES_AT_ONCE // left.shape[1])):
        differences = np.subtract(left[rows[part]], right[columns[part]], dtype=np.float64)
        found[part] = np.square(differences, out=differences).sum(axis=1)
    return found


def nearest_within(values: Features, count: int, label: str = "") -> Neighbors:
    """Of each row, the `count` nearest others; a duplicate is another. Every distance serves both its rows."""
    distances = Distances.between(values, values, label=label)
    contenders = _Contenders(distances, len(values), min(count + _SPARE, len(values) - 1))
    for tile in distances.own_tiles():
        contenders.add(tile.rows, tile.columns, tile.lower)
        contenders.add(tile.columns, tile.rows, tile.lower.T)
    contenders.gather()
    return _settled(values, values, contenders, count, np.arange(len(values)))


def nearest_between(
    left: Features, right: Features, count: int = 1, own: Indices | None = None, label: str = ""
) -> Neighbors:
    """Of each row of `left`, the `count` nearest rows of `right`, row own[i] left out for row i."""
    distances = Distances.between(left, right, own, label)
    contenders = _Contenders(distances, len(left), min(count + _SPARE, len(right) - (own is not None)))
    for tile in distances.own_tiles():
        contenders.add(tile.rows, tile.columns, tile.lower)
    contenders.gather()
    return _settled(left, right, contenders, count, own)


def pairs_within(distances: Distances, tile: Tile, row_limits: Floats, column_limits: Floats | None = None) -> Pairs:
    """The tile's pairs whose squared distance is at most one of two limits, and perhaps a few more.

    A squared distance is a number on the right side of every limit given, and exact where the bounds leave doubt.

    Args:
        distances: what the tile was taken from.
        tile: one of its tiles.
        row_limits: squared, for each row of the tile; or several sets of them, sets x rows.
        column_limits: likewise for each column.
    """
    by_row = np.atleast_2d(row_limits)
    by_column = np.full((1, tile.lower.shape[1]), -np.inf) if column_limits is None else np.atleast_2d(column_limits)
    near = tile.lower <= _upward(by_row.max(0), tile.lower.dtype)[:, None]
    if column_limits is not None:
        near |= tile.lower <= _upward(by_column.max(0), tile.lower.dtype)
    rows, columns = (each.numpy() for each in near.nonzero().unbind(1))
    squared = tile.lower[near].double().numpy()
    limits = np.concatenate([by_row[:, rows], by_column[:, columns]])
    (doubtful,) = np.nonzero(np.any((squared <= limits) & (limits < squared + tile.slack), axis=0))
    if len(doubtful) > _MANY and tile.lower.dtype != torch.float64:
        wide = distances.widened()
        return pairs_within(wide, wide.tile(tile.rows, tile.columns), row_limits, column_limits)
    rows, columns = rows + tile.rows.start, columns + tile.columns.start
    squared[doubtful] = squared_distances(distances.left, distances.right, rows[doubtful], columns[doubtful])
    return Pairs(rows, columns, squared)


def closest(values: Features, count: int, label: str = "") -> Pairs:
    """The `count` pairs of rows nearest to each other, nearest first, the lower row first."""
    distances = Distances.between(values, values, label=label)
    best = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    for tile in distances.tiles():
        limit = float(best.squared[count - 1]) if len(best.squared) >= count else np.inf
        if limit == 0:
            break
        if float(tile.lower.min()) <= limit:
            best = _closest_of(best, _closest_in(distances, tile, count, limit), count)
    return best


def _closest_in(distances: Distances, tile: Tile, count: int, limit: float) -> Pairs:
    """Every pair of a tile that may be among its `count` closest, by differences."""
    lower = tile.lower.flatten()
    bound = float(lower.kthvalue(min(count, len(lower))).values) + tile.slack
    near = tile.lower <= min(limit, bound)
    near &= tile.lower < torch.inf
    if int(near.sum()) > _MANY and tile.lower.dtype != torch.float64:
        wide = distances.widened()
        return _closest_in(wide, wide.tile(tile.rows, tile.columns), count, limit)
    rows, columns = (each.numpy() for each in near.nonzero().unbind(1))
    rows, columns = rows + tile.rows.start, columns + tile.columns.start
    return Pairs(rows, columns, squared_distances(distances.left, distances.right, rows, columns))


def _closest_of(left: Pairs, right: Pairs, count: int) -> Pairs:
    rows = np.concatenate([left.rows, right.rows])
    columns = np.concatenate([left.columns, right.columns])
    squared = np.concatenate([left.squared, right.squared])
    order = np.lexsort((columns, rows, squared))[:count]
    return Pairs(rows[order], columns[order], squared[order])


class _Contenders:
    """Of each row the columns with the smallest lower bounds, running over tiles."""

    def __init__(self, distances: Distances, rows: int, count: int) -> None:
        self.dtype = distances.dtype
        self.lower = torch.full((rows, count), torch.inf, dtype=self.dtype, device="cpu")
        self.columns = torch.full((rows, count), -1, dtype=torch.int64, device="cpu")

    def add(self, rows: slice, columns: slice, lower: Tensor) -> None:
        """Takes in a tile. Rows whose smallest bound is no better than all they have are passed over."""
        kept, places = self.lower[rows], self.columns[rows]
        count = kept.shape[1]
        hopeful = (lower.amin(1) < kept[:, -1]).nonzero().squeeze(1)
        values, found = lower[hopeful].contiguous().topk(min(count, lower.shape[1]), largest=False)
        values, order = torch.cat([kept[hopeful], values], 1).topk(count, largest=False)
        kept[hopeful] = values
        places[hopeful] = torch.cat([places[hopeful], found + columns.start], 1).gather(1, order)

    def gather(self) -> None:
        """Take in what other processes have found in their share of the tiles."""
        if sharers() == 1:
            return
        count = self.lower.shape[1]
        lower, columns = (torch.from_numpy(beside(each.numpy(), 1)) for each in (self.lower, self.columns))
        self.lower, order = lower.topk(count, largest=False)
        self.columns = columns.gather(1, order)


def _settled(left: Features, right: Features, contenders: _Contenders, count: int, own: Indices | None) -> Neighbors:
    """The nearest of the contenders by differences; rows whose bounds leave doubt are searched again in float64."""
    columns = contenders.columns.numpy()
    rows = np.repeat(np.arange(len(left)), columns.shape[1])
    squared = squared_distances(left, right, rows, columns.ravel()).reshape(columns.shape)
    order = np.lexsort((columns, squared))[:, :count]
    found = Neighbors(np.take_along_axis(columns, order, 1), np.take_along_axis(squared, order, 1))
    available = len(right) - (own is not None)
    if contenders.dtype == torch.float64 or columns.shape[1] == available:
        return found
    farthest = found.squared[:, -1]
    doubtful = ((farthest > contenders.lower[:, -1].double().numpy()) & (farthest > 0)).nonzero()[0]
    if len(doubtful):
        again = _searched_in_float64(left[doubtful], right, count, None if own is None else own[doubtful])
        found.rows[doubtful], found.squared[doubtful] = again.rows, again.squared
    return found


def _searched_in_float64(left: Features, right: Features, count: int, own: Indices | None) -> Neighbors:
    distances = Distances(left, right, own, torch.float64)
    contenders = _Contenders(distances, len(left), min(count + _SPARE, len(right) - (own is not None)))
    for tile in distances.tiles():
        contenders.add(tile.rows, tile.columns, tile.lower)
    return _settled(left, right, contenders, count, own)


def _upward(limits: Floats, dtype: torch.dtype) -> Tensor:
    """Limits in the tile's type, never below themselves."""
    if dtype == torch.float64:
        return torch.from_numpy(limits)
    rounded = limits.astype(np.float32)
    return torch.from_numpy(np.where(rounded < limits, np.nextafter(rounded, np.float32(np.inf)), rounded))


def _center(left: Features, right: Features) -> Floats:
    mean = left.mean(axis=0, dtype=np.float64)
    return mean if left is right else (mean + right.mean(axis=0, dtype=np.float64)) / 2


def _multiplies_in_full() -> bool:
    """Whether PyTorch multiplies float32 in float32 on this processor."""
    return torch.backends.mkldnn.matmul.fp32_precision in ("ieee", "none")  # type: ignore[attr-defined]
