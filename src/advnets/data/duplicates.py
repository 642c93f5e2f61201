"""Exact copies and near duplicates among images, in time that grows with their number and not with its square.

Images are alike where their pixels, less each image's mean, point the same way: by the correlation r of all values. As
vectors of length 1 they lie sqrt(2 - 2 r) apart. Averaged over blocks and projected on the 64 leading principal
components, none lie farther apart than they did. Signs of projections on random directions sort them into buckets
(locality-sensitive hashing, Charikar 2002), a dozen times, and neighbors in a bucket that are near as projected are
compared pixel by pixel. So every pair that is found is one; some may be missed where very many are nearly near.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDS = 12
"""How often `near_duplicates` sorts all images."""
NEAR = 0.99
"""Correlation from which two images are near duplicates: of photographs saved or scaled twice it is .995 and more."""
FLAT = 1.0
"""Gray levels of standard deviation below which an image is of a single shade, and like no other."""
_BLOCKS = 16  # a side
_COMPONENTS = 64
_HASHED = 32  # components that hashes are made of
_ITERATIONS = 4
_SAMPLE = 4096
_BITS, _WINDOW = 16, 8
_BYTES_AT_ONCE = 8 << 20
_PAIRS_AT_ONCE = 1 << 16

Pixels = NDArray[np.uint8]
Rows = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Looks:
    """What each of N images looks like.

    Args:
        same: int64, N, the first row that has the same pixels; its own row where there is none before it.
        means: float32, N, gray level.
        deviations: float32, N, the standard deviation of an image's values, in gray levels.
        projected: float32, N x K, K up to 64: as above.
    """

    same: Rows
    means: Floats
    deviations: Floats
    projected: Floats


@dataclass(frozen=True, eq=False)
class Near:
    """Pairs of near duplicates, those with the least difference first.

    Args:
        rows: int64, P x 2, the lower row first; of exact copies only the first is compared.
        correlations: float32, P, at least `NEAR`.
        differences: float32, P, the root mean square of the difference of their pixels, in gray levels.
    """

    rows: Rows
    correlations: Floats
    differences: Floats


def look_at(images: Pixels, advance: Callable[[int], None] = lambda count: None) -> Looks:
    """Goes over all images once.

    Args:
        images: uint8, N x C x H x W, perhaps mapped from disk.
        advance: told how many more have been looked at.
    """
    count, length = len(images), images[0].size
    blocks = _Blocks.of(images.shape)
    sample = np.sort(np.random.default_rng(0).choice(count, min(count, _SAMPLE), replace=False))
    center, components = _principal(np.concatenate([blocks.vectors(part)[0] for part in _parts(images, sample)]))
    found = Looks(
        np.arange(count), np.empty(count, np.float32), np.empty(count, np.float32),
        np.empty((count, components.shape[1]), np.float32),
    )  # fmt: skip
    find, start = _Copies(), 0
    for part in _parts(images):
        rows = slice(start, start + len(part))
        found.same[rows] = find.first(part)
        vectors, found.means[rows], norms = blocks.vectors(part)
        found.deviations[rows] = norms / np.sqrt(length)
        found.projected[rows] = (vectors - center) @ components
        start += len(part)
        advance(len(part))
    return found


def first_alike(values: NDArray[Any]) -> Rows:
    """Of each row of an array the first one that holds the same: int64, N."""
    return np.array(_Copies().first(values), np.int64)


class _Copies:
    """Finds rows that were seen before, by a digest of 128 bits."""

    def __init__(self) -> None:
        self._first: dict[bytes, int] = {}
        self._count = 0

    def first(self, values: NDArray[Any]) -> list[int]:
        """Of each of the next rows, the first that was the same."""
        found = [self._first.setdefault(_digest(row), self._count + place) for place, row in enumerate(values)]
        self._count += len(values)
        return found


def near_duplicates(images: Pixels, looks: Looks, advance: Callable[[int], None] = lambda count: None) -> Near:
    """Pairs of images that are nearly the same and not exactly.

    Args:
        images: uint8, N x C x H x W.
        looks: what they look like.
        advance: told of each of `ROUNDS` rounds.
    """
    rows = np.flatnonzero((looks.same == np.arange(len(images))) & (looks.deviations >= FLAT))
    points = looks.projected[rows]
    close = np.empty(0, np.int64)
    for pairs in _close(points, np.sqrt(2 - 2 * NEAR)):
        close = np.union1d(close, pairs)
        advance(1)
    pairs = rows[np.stack(np.divmod(close, max(len(rows), 1)), 1)]
    compared = [_compare(images, part) for part in _parts_of_pairs(pairs, images[0].size)]
    correlations, differences = (
        np.concatenate([each[place] for each in compared] or [np.empty(0, np.float32)]) for place in range(2)
    )
    near = np.flatnonzero(correlations >= NEAR)
    near = near[np.argsort(differences[near], kind="stable")]
    return Near(pairs[near], correlations[near], differences[near])


def groups(pairs: Rows, count: int) -> Rows:
    """The group of each of `count` rows, where pairs join them: int64, N, the lowest row of the group."""
    parent = np.arange(count)

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for one, other in pairs.tolist():
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return np.array([root(row) for row in range(count)], np.int64)


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Averages over blocks of an image, scaled so that no two images come farther apart: an orthogonal projection."""

    down: Floats
    across: Floats

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> _Blocks:
        return cls(_averages(shape[2]), _averages(shape[3]))

    def vectors(self, images: Pixels) -> tuple[Floats, Floats, Floats]:
        """Images less their means, as vectors of length 1, averaged over blocks: n x D; their means; their norms."""
        count, channels, height, width = images.shape
        values = images.reshape(count, -1).astype(np.float32)
        means = values.mean(1)
        values -= means[:, None]
        norms = np.sqrt(np.einsum("ij,ij->i", values, values))
        values /= np.maximum(norms, 1e-6)[:, None]
        strips = (values.reshape(-1, width) @ self.across).reshape(count * channels, height, -1)
        return (strips.transpose(0, 2, 1) @ self.down).reshape(count, -1), means, norms


def _averages(side: int) -> Floats:
    """side x k: columns of length 1 that average over k blocks, k at most 16."""
    count = min(side, _BLOCKS)
    block = np.arange(side) * count // side
    found = (block[:, None] == np.arange(count)).astype(np.float32)
    return found / np.sqrt(found.sum(0))


def _principal(vectors: Floats) -> tuple[Floats, Floats]:
    """The mean, D, and the leading principal components, D x K, by subspace iteration (Golub and Van Loan, 8.2.4).

    Whatever it leaves undecided among components of about the same variance, they are orthonormal.
    """
    center = vectors.mean(0)
    spread = (vectors - center).T @ (vectors - center)
    start = np.random.default_rng(0).normal(size=(len(spread), min(_COMPONENTS, len(spread))))
    space, _ = np.linalg.qr(start.astype(np.float32))
    for _ in range(_ITERATIONS):
        space, _ = np.linalg.qr(spread @ space)
    _, turned = np.linalg.eigh(space.T @ spread @ space)
    return center, np.ascontiguousarray(space @ turned[:, ::-1])


def _close(points: Floats, radius: float) -> Iterator[Rows]:
    """Pairs i < j of points within a radius, as i N + j; what each round finds."""
    count, dimension = points.shape
    if count < 2:
        return
    hashed = points[:, : min(_HASHED, dimension)]
    scale = np.maximum(hashed.std(0), 1e-6)
    bits = int(np.clip(np.log2(count), 4, _BITS))
    rng = np.random.default_rng(0)
    for _ in range(ROUNDS):
        directions = rng.normal(size=(hashed.shape[1], bits + 1)).astype(np.float32) / scale[:, None]
        along = hashed @ directions
        along -= np.median(along, 0)
        bucket = (along[:, :bits] > 0) @ (1 << np.arange(bits))
        order = np.lexsort((along[:, bits], bucket))
        found = [_within(points, order, bucket, step, radius) for step in range(1, min(_WINDOW, count - 1) + 1)]
        yield np.unique(np.concatenate(found))


def _within(points: Floats, order: Rows, bucket: Rows, step: int, radius: float) -> Rows:
    """Of points that stand `step` apart in an order, pairs of one bucket within a radius."""
    one, other = order[:-step], order[step:]
    alike = bucket[one] == bucket[other]
    one, other = np.minimum(one, other)[alike], np.maximum(one, other)[alike]
    found: list[Rows] = [np.empty(0, np.int64)]
    for start in range(0, len(one), _PAIRS_AT_ONCE):
        some = slice(start, start + _PAIRS_AT_ONCE)
        apart = np.square(points[one[some]] - points[other[some]]).sum(1)
        near = apart <= radius**2 + 1e-5  # float32
        found.append(one[some][near] * len(points) + other[some][near])
    return np.concatenate(found)


def _compare(images: Pixels, pairs: Rows) -> tuple[Floats, Floats]:
    """Correlations and root mean square differences of pairs of images."""
    one, other = (images[pairs[:, place]].reshape(len(pairs), -1).astype(np.float32) for place in range(2))
    differences = np.sqrt(np.square(one - other).mean(1))
    for values in (one, other):
        values -= values.mean(1, keepdims=True)
    products = [np.einsum("ij,ij->i", a, b, dtype=np.float64) for a, b in ((one, other), (one, one), (other, other))]
    return (products[0] / np.sqrt(products[1] * products[2])).astype(np.float32), differences


def _parts(images: Pixels, rows: Rows | None = None) -> Iterator[Pixels]:
    """All images, or those of some rows, as many at a time as memory may hold."""
    step = max(1, _BYTES_AT_ONCE // images[0].size)
    for start in range(0, len(images if rows is None else rows), step):
        some = slice(start, start + step)
        yield np.ascontiguousarray(images[some if rows is None else rows[some]])


def _parts_of_pairs(pairs: Rows, size: int) -> Iterator[Rows]:
    step = max(1, _BYTES_AT_ONCE // (2 * size))
    for start in range(0, len(pairs), step):
        yield pairs[start : start + step]


def _digest(row: NDArray[Any]) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(row).data, digest_size=16).digest()
