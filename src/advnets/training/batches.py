"""Minibatches: which rows come when is a function of (seed, epoch), and pixels are bytes until they are used."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.data.scale import Scale
from advnets.games.game import Batch, DataSpec
from advnets.randomness import Stream, seed_for

_DEVICE_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class Data:
    """What is trained on: all values, the rows to use, and what is known of them.

    Args:
        values: uint8 images, N x C x H x W, memory-mapped or not, or float32 points, N x D.
        rows: the row numbers to train on.
        labels: int64 (N,), -1 where unknown; None without.
        classes: their names.
        vectors: float32 N x V, conditions that are no classes; None without.
        scale: the columns in their own units, where points are standardized; None where they are not.
    """

    values: NDArray[np.uint8] | NDArray[np.float32]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    vectors: NDArray[np.float32] | None = None
    scale: Scale | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example: C x H x W, or (D,)."""
        return tuple(int(n) for n in self.values.shape[1:])

    def points(self, count: int) -> NDArray[Any] | None:
        """At most `count` of the points that are trained on, evenly spaced, in their own units; None of images."""
        if len(self.shape) == 3:
            return None
        count = min(count, len(self.rows))
        points = self.values[self.rows[np.arange(count) * len(self.rows) // count]]
        return points if self.scale is None else self.scale.restore(points)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that `points` have; empty where they have none."""
        return () if self.scale is None else self.scale.columns

    @property
    def spec(self) -> DataSpec:
        """What a game has to know of it."""
        counts: tuple[int, ...] = ()
        unknown = 0
        if self.labels is not None:
            labels = self.labels[self.rows]
            known = labels[labels >= 0]
            counts, unknown = tuple(np.bincount(known, minlength=len(self.classes)).tolist()), len(labels) - len(known)
        vector = 0 if self.vectors is None else self.vectors.shape[1]
        return DataSpec(self.shape, self.classes if self.labels is not None else (), counts, vector, unknown)


class Batches:
    """Minibatch number u of an endless stream that runs through a fresh permutation of the rows each epoch.

    Args:
        data: what is trained on.
        batch: rows a minibatch; it may exceed their number.
        seed: of the order.
        device: where minibatches go. A table that takes less than a quarter of a GPU's memory is put there whole.
        dtype: of the minibatches.
        value_range: what bytes 0 and 255 become; ignored for points.
        conditions: whether rows come with their labels and vectors.
        seen: what is done to images before anybody sees them.
    """

    def __init__(
        self,
        data: Data,
        batch: int,
        seed: int,
        device: torch.device,
        dtype: torch.dtype,
        value_range: tuple[float, float],
        conditions: bool = False,
        seen: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self._values = _tensor(data.values)
        if device.type == "cuda" and data.values.nbytes < _DEVICE_SHARE * torch.cuda.mem_get_info(device)[1]:
            self._values = self._values.to(device)
        self._rows, self._batch, self._seed, self._seen = data.rows, batch, seed, seen
        self._labels = None if data.labels is None or not conditions else _tensor(data.labels)
        self._vectors = None if data.vectors is None or not conditions else _tensor(data.vectors)
        self._device, self._dtype = device, dtype
        low, high = value_range
        self._scale, self._low = (high - low) / 255.0, low
        self._orders: dict[int, Tensor] = {}

    def __call__(self, update: int) -> Batch:
        """Minibatch number `update` (from 0), in the value range and dtype, on the device."""
        return self._take(self.indices(update), self._dtype)

    def evenly(self, count: int) -> Batch:
        """At most `count` rows, evenly spaced among all, float32 in the value range, on the device."""
        count = min(count, len(self._rows))
        return self.of_rows(self._rows[np.arange(count) * len(self._rows) // count])

    def of_rows(self, rows: NDArray[np.int64]) -> Batch:
        """These rows, float32 in the value range, on the device."""
        return self._take(torch.from_numpy(rows), torch.float32)

    def _take(self, rows: Tensor, dtype: torch.dtype) -> Batch:
        label, target = (
            None if each is None else each.index_select(0, rows).to(self._device)
            for each in (self._labels, self._vectors)
        )
        image = self._images(rows, dtype)
        target = None if target is None else target.to(dtype)
        return Batch(rows, image if self._seen is None else self._seen(image), label, target)

    def _images(self, rows: Tensor, dtype: torch.dtype) -> Tensor:
        chosen = self._values.index_select(0, rows.to(self._values.device)).to(self._device, non_blocking=True)
        if chosen.dtype != torch.uint8:
            return chosen.to(dtype)
        images = chosen.to(dtype).mul_(self._scale)
        return images.add_(self._low) if self._low else images

    def indices(self, update: int) -> Tensor:
        """Row numbers of minibatch `update`, int64, (batch,)."""
        parts: list[Tensor] = []
        position, missing = update * self._batch, self._batch
        while missing:
            epoch, offset = divmod(position, len(self._rows))
            part = self._order(epoch)[offset : offset + missing]
            parts.append(part)
            position, missing = position + len(part), missing - len(part)
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def mean(self) -> Tensor:
        """Mean of each pixel over (at most 10,000 of) the rows, in the value range, float32 of the row's shape."""
        some = self._rows[:: max(len(self._rows) // 10_000, 1)]
        total = torch.zeros(self._values.shape[1:], dtype=torch.float64)
        for start in range(0, len(some), 500):
            total += self._values[torch.from_numpy(some[start : start + 500])].double().sum(0).cpu()
        return (total / len(some) * self._scale + self._low).float()

    def _order(self, epoch: int) -> Tensor:
        if epoch not in self._orders:
            if len(self._orders) > 1:
                del self._orders[min(self._orders)]
            rng = np.random.Generator(np.random.Philox(key=seed_for(self._seed, epoch, Stream.DATA_ORDER)))
            self._orders[epoch] = torch.from_numpy(self._rows[rng.permutation(len(self._rows))])
        return self._orders[epoch]


def _tensor(values: NDArray[Any]) -> Tensor:
    with warnings.catch_warnings():
        # The map is read-only and so are we.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(values)
