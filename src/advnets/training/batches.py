"""Minibatches: which rows come when is a function of (seed, epoch), and pixels are bytes until they are used."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.data.ahead import Ahead
from advnets.data.attributes import attributes_of
from advnets.data.scale import Scale
from advnets.data.sources import Sources
from advnets.errors import RecipeError
from advnets.games.game import Batch, Columns, DataSpec
from advnets.networks.conditioning import is_given
from advnets.randomness import Stream, generator_for, seed_for
from advnets.runs.asking import columns_of
from advnets.training.growth import Growth
from advnets.world import ALONE, World

_DEVICE_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class Data:
    """What is trained on: all values, the rows to use, and what is known of them.

    Args:
        values: uint8 images, N x C x H x W, memory-mapped or not, or float32 points, N x D.
        rows: the row numbers to train on.
        labels: int64 (N,), -1 where unknown; None without.
        classes: their names.
        vectors: float32 N x V, conditions that are no classes, rows of NaN where unknown; None without.
        scale: the columns in their own units, where points are standardized; None where they are not.
        sources: images that are translated into these; None without.
        held_out: the row numbers that no game is trained on.
        valid: those of them that decisions in a training may be made on.
    """

    values: NDArray[np.uint8] | NDArray[np.float32]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    vectors: NDArray[np.float32] | None = None
    scale: Scale | None = None
    sources: Sources | None = None
    held_out: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    valid: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

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
    def to_translate(self) -> NDArray[np.int64]:
        """Row numbers of images held out of the training that can be translated: of sources, or of these themselves."""
        apart = self.sources is not None and self.sources.partners is None
        return self.sources.held_out if self.sources is not None and apart else self.held_out

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that `points` have; empty where they have none."""
        return () if self.scale is None else self.scale.columns

    @property
    def labelled_rows(self) -> NDArray[np.int64]:
        """The rows to train on that have a label."""
        return self.rows[:0] if self.labels is None else self.rows[self.labels[self.rows] >= 0]

    @property
    def spec(self) -> DataSpec:
        """What a game has to know of it."""
        counts: tuple[int, ...] = ()
        unknown = 0
        if self.labels is not None:
            labels = self.labels[self.rows]
            known = labels[labels >= 0]
            counts, unknown = tuple(np.bincount(known, minlength=len(self.classes)).tolist()), len(labels) - len(known)
        vector, alike = 0, False
        if self.vectors is not None:
            vectors = self.vectors[self.rows]
            known = vectors[~np.isnan(vectors).any(1)]
            vector, unknown = vectors.shape[1], len(vectors) - len(known)
            alike = not (known != known[:1]).any()
        source = () if self.sources is None else self.sources.shape
        return DataSpec(
            self.shape, self.classes if self.labels is not None else (), counts, vector, unknown, source, alike
        )


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
        labelled: so many rows with labels come beside each minibatch, in an order of their own.
        growth: sizes of minibatches that grow; None where all have `batch` rows.
        mirror: whether half of a minibatch's images are mirrored, left to right.
        world: the processes of which each has its own rows of a minibatch.

    Raises:
        RecipeError: no row has a condition, where rows come with them.
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
        labelled: int = 0,
        growth: Growth | None = None,
        mirror: bool = False,
        world: World = ALONE,
    ) -> None:
        self._device, self._dtype, self._mirror, self._world = device, dtype, mirror, world
        self._coming = Ahead(data.values)
        self._values = self._placed(self._coming.values)
        self._order, self._seed, self._seen = Order(data.rows, batch, seed, Stream.DATA_ORDER, growth), seed, seen
        self._rows, self._held_out, self._sources, self._classes = (
            data.rows, data.held_out, data.sources, len(data.classes),
        )  # fmt: skip
        self._known = Order(data.labelled_rows, labelled, seed, Stream.LABELLED_ORDER) if labelled else None
        self._labels = None if data.labels is None or not conditions else _tensor(data.labels)
        self._vectors = None if data.vectors is None or not conditions else _tensor(data.vectors)
        self._given = self._conditions()
        self.columns: Columns | None = None
        """What the numbers of the vectors are like; None without vectors."""
        if self._vectors is not None:
            assert data.vectors is not None
            self.columns = columns_of(attributes_of(data.vectors[data.rows]), device)
        low, high = value_range
        self._scale, self._low = (high - low) / 255.0, low
        sources = data.sources
        self._sources_coming = None if sources is None else Ahead(sources.values)
        self._others = None if self._sources_coming is None else self._placed(self._sources_coming.values)
        apart = sources is not None and sources.partners is None
        self._source_order = (
            Order(sources.train, batch, seed, Stream.SOURCE_ORDER, growth) if sources and apart else None
        )

    def __call__(self, update: int) -> Batch:
        """This process's rows of minibatch number `update` (from 0), in the value range and dtype, on the device."""
        indices = self.indices(update)
        total, own = len(indices), self._world.span(len(indices))
        apart = None if self._source_order is None else self._source_order(update)[own]
        known = None if self._known is None else self._take(self._known(update)[own], self._dtype)
        batch = replace(self._take(indices, self._dtype, apart, update, own), known=known)
        self._read_ahead(update + 1)
        return replace(batch, image=self._mirrored(batch.image, update, own, total)) if self._mirror else batch

    def _read_ahead(self, update: int) -> None:
        """Has the rows of minibatch `update` read from disk, where they are not in memory."""
        if not (self._coming.large or (self._sources_coming is not None and self._sources_coming.large)):
            return
        indices = self.indices(update)
        own = self._world.span(len(indices))
        self._coming.read(indices[own].tolist())
        if self._sources_coming is not None and self._sources is not None:
            order, partners = self._source_order, self._sources.partners
            rows = indices if order is None else order(update)
            self._sources_coming.read((rows if partners is None else torch.from_numpy(partners)[rows])[own].tolist())

    def evenly(self, count: int) -> Batch:
        """At most `count` rows, evenly spaced among all, float32 in the value range, on the device."""
        return self.of_rows(_evenly(self._rows, count))

    def of_rows(self, rows: NDArray[np.int64]) -> Batch:
        """These rows, float32 in the value range, on the device; beside sources that are no partners, some of these."""
        apart = None
        if self._sources is not None and self._sources.partners is None:
            apart = torch.from_numpy(self._sources.train[np.arange(len(rows)) % len(self._sources.train)])
        return self._take(torch.from_numpy(rows), torch.float32, apart)

    def to_translate(self, count: int, held_out: bool) -> Batch:
        """Rows with at most `count` sources that samples are made of, evenly spaced, float32, on the device.

        Args:
            count: how many.
            held_out: whether they are of those that are not trained on.
        """
        rows = self._held_out if held_out and len(self._held_out) else self._rows
        if self._sources is None or self._sources.partners is not None:
            return self.of_rows(_evenly(rows, count))
        apart = _evenly(self._sources.held_out if held_out else self._sources.train, count)
        beside = rows[np.arange(len(apart)) * len(rows) // len(apart)]
        return self._take(torch.from_numpy(beside), torch.float32, torch.from_numpy(apart))

    def _take(
        self,
        rows: Tensor,
        dtype: torch.dtype,
        apart: Tensor | None = None,
        update: int = 0,
        own: slice | None = None,
    ) -> Batch:
        """Rows of the data, of a minibatch this process's own ones: of the others their conditions alone."""
        label, target = (None if each is None else each.index_select(0, rows) for each in (self._labels, self._vectors))
        asked = self._asked(label if target is None else target, update)
        label, target, asked = (_there(each, self._device, dtype) for each in (label, target, asked))
        mine = rows if own is None else rows[own]
        image = self._images(self._values, mine, dtype)
        source = self._source(mine if apart is None else apart, dtype)
        image = image if self._seen is None else self._seen(image)
        found = Batch(rows, image, label, target, classes=self._classes, asked=asked, columns=self.columns)
        if own is None or len(mine) == len(rows):
            return replace(found, source=source)
        nothing = image.new_zeros(1).expand(len(rows), *image.shape[1:])
        everyone = replace(found, image=nothing)
        return replace(everyone.part(own), image=image, source=source, first=own.start, everyone=everyone)

    def _mirrored(self, images: Tensor, update: int, own: slice, total: int) -> Tensor:
        """Some images of a minibatch, each with a chance of one half mirrored, left to right."""
        rng = generator_for(self._seed, update, Stream.MIRRORED)
        chosen = torch.randint(2, (total, 1, 1, 1), generator=rng, dtype=torch.bool)[own]
        return torch.where(chosen.to(images.device), images.flip(3), images)

    def _conditions(self) -> Tensor | None:
        """The conditions that rows have which have one; None where all have, or none is asked for."""
        values = self._labels if self._vectors is None else self._vectors
        if values is None:
            return None
        known = self._with_condition()
        return None if len(known) == len(self._rows) else values.index_select(0, known)

    def _with_condition(self) -> Tensor:
        """The rows that have a condition."""
        values, rows = self._labels if self._vectors is None else self._vectors, _tensor(self._rows)
        assert values is not None  # it is not asked where there is none
        known = rows[is_given(values.index_select(0, rows))]
        if not len(known):
            what = "no training row has a condition (a class other than -1, a vector without NaN)"
            raise RecipeError(what, "label some, or use --game.kind adversarial")
        return known

    def _asked(self, condition: Tensor | None, update: int) -> Tensor | None:
        """`Batch.asked`: drawn conditions in the place of those that are missing."""
        if condition is None or self._given is None:
            return None
        rng = generator_for(self._seed, update, Stream.CONDITIONS)
        drawn = self._given[torch.randint(len(self._given), (len(condition),), generator=rng)]
        return torch.where(is_given(condition).view(-1, *[1] * (condition.ndim - 1)), condition, drawn)

    def _source(self, rows: Tensor, dtype: torch.dtype) -> Tensor | None:
        """The sources of these rows of the data; of their own rows, where they are no partners."""
        if self._sources is None or self._others is None:
            return None
        partners = self._sources.partners
        return self._images(self._others, rows if partners is None else torch.from_numpy(partners)[rows], dtype)

    def _placed(self, values: NDArray[Any]) -> Tensor:
        """All values, on a GPU where they leave it room."""
        placed = _tensor(values)
        small = self._device.type == "cuda" and values.nbytes < _DEVICE_SHARE * torch.cuda.mem_get_info(self._device)[1]
        return placed.to(self._device) if small else placed

    def _images(self, values: Tensor, rows: Tensor, dtype: torch.dtype) -> Tensor:
        chosen = values.index_select(0, rows.to(values.device))
        if chosen.device.type == "cpu" and self._device.type == "cuda":
            chosen = chosen.pin_memory()  # from there a GPU fetches it by itself, while the step before is played
        chosen = chosen.to(self._device, non_blocking=True)
        if chosen.dtype != torch.uint8:
            return chosen.to(dtype)
        images = chosen.to(dtype).mul_(self._scale)
        return images.add_(self._low) if self._low else images

    def indices(self, update: int) -> Tensor:
        """Row numbers of minibatch `update`, int64, (batch,)."""
        return self._order(update)

    def seen_before(self, update: int) -> int:
        """Rows of all minibatches before number `update`."""
        return self._order.before(update)

    def mean(self) -> Tensor:
        """Mean of each pixel over (at most 10,000 of) the rows, in the value range, float32 of the row's shape."""
        some = self._rows[:: max(len(self._rows) // 10_000, 1)]
        total = torch.zeros(self._values.shape[1:], dtype=torch.float64)
        for start in range(0, len(some), 500):
            total += self._values[_tensor(some[start : start + 500])].double().sum(0).cpu()
        return (total / len(some) * self._scale + self._low).float()


class Order:
    """Which rows come when: a fresh permutation of them each epoch, a function of (seed, epoch, stream).

    Args:
        rows: their numbers.
        batch: rows a minibatch.
        seed, stream: of the permutations.
        growth: sizes of minibatches that grow; None where all have `batch` rows.
    """

    def __init__(
        self, rows: NDArray[np.int64], batch: int, seed: int, stream: Stream, growth: Growth | None = None
    ) -> None:
        self._rows, self._batch, self._seed, self._stream, self._growth = rows, batch, seed, stream, growth
        self._orders: dict[int, Tensor] = {}

    def __call__(self, update: int) -> Tensor:
        """Row numbers of minibatch `update`, int64, (its size,)."""
        parts: list[Tensor] = []
        position, missing = self.before(update), self._batch if self._growth is None else self._growth.size(update)
        while missing:
            epoch, offset = divmod(position, len(self._rows))
            part = self._of(epoch)[offset : offset + missing]
            parts.append(part)
            position, missing = position + len(part), missing - len(part)
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def before(self, update: int) -> int:
        """Rows of all minibatches before number `update`."""
        return update * self._batch if self._growth is None else self._growth.before(update)

    def _of(self, epoch: int) -> Tensor:
        if epoch not in self._orders:
            if len(self._orders) > 1:
                del self._orders[min(self._orders)]
            rng = np.random.Generator(np.random.Philox(key=seed_for(self._seed, epoch, self._stream)))
            self._orders[epoch] = torch.from_numpy(self._rows[rng.permutation(len(self._rows))])
        return self._orders[epoch]


def _evenly(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most `count` of the rows, evenly spaced."""
    count = min(count, len(rows))
    return rows[np.arange(count) * len(rows) // count]


def _there(values: Tensor | None, device: torch.device, dtype: torch.dtype) -> Tensor | None:
    """On the device, numbers that are no classes in the dtype."""
    if values is None:
        return None
    return values.to(device, dtype) if values.is_floating_point() else values.to(device)


def _tensor(values: NDArray[Any]) -> Tensor:
    with warnings.catch_warnings():
        # The map is read-only and so are we.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(values)
