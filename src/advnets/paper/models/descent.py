"""Minibatch descent on a cost: what the auto-encoders and the generative stochastic network train with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.config.players import AdamConfig
from advnets.errors import DataError, DivergedError
from advnets.paper.models.learning import Say, identity, learn, products_of
from advnets.randomness import Stream, generator_for
from advnets.training.batches import Batches, Data
from advnets.training.player import Player

Images = NDArray[np.uint8] | NDArray[np.float32]
N = TypeVar("N", bound=nn.Module)
Cost = Callable[[N, Tensor, torch.Generator], Mapping[str, Tensor]]
"""(the network that computes, rows of a minibatch, random generator) -> named figures; training descends the first."""


class Pace(Protocol):
    """What a configuration says of its training."""

    @property
    def epochs(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def rate(self) -> float: ...
    @property
    def precision(self) -> str: ...


def points(images: Images) -> Images:
    """Images as rows, N x D, uint8 or float32.

    Raises:
        DataError: no images, another dtype, or values outside [0, 1].
    """
    if images.ndim < 2 or not len(images):
        raise DataError(f"images of shape {images.shape}", "give N x C x H x W or N x D with N at least 1")
    if images.dtype != np.uint8 and not (images.dtype == np.float32 and images.min() >= 0 and images.max() <= 1):
        raise DataError(f"images of {images.dtype}, or not in [0, 1]", "give uint8, or float32 in [0, 1]")
    return images.reshape(len(images), -1)


class Minibatches:
    """Rows of images in [0, 1] by number; their order is a function of (seed, epoch).

    Args:
        images: as for `points`.
        batch: rows of a minibatch.
        seed: of the order.
        dtype: of the rows.
    """

    def __init__(self, images: Images, batch: int, seed: int, dtype: torch.dtype) -> None:
        rows = points(images)
        data = Data(rows, np.arange(len(rows)))
        self._batches = Batches(data, min(batch, len(rows)), seed, torch.device("cpu"), dtype, (0.0, 1.0))
        self.per_epoch = max(len(rows) // batch, 1)

    def __call__(self, update: int) -> Tensor:
        """N x D."""
        return self._batches(update).image

    def mean(self) -> Tensor:
        """Of each pixel, (D,)."""
        return self._batches.mean()


class CostLearner(Generic[N]):
    """A `Learner` of one network on one cost, by Adam, whose rate falls to 0 linearly over the second half.

    Args:
        network: float32; a copy of it in `compute` is what costs are taken of.
        cost: what it descends.
        batches: what it learns from.
        seed: of the noise.
        rate: Adam's.
        compute: dtype of the forward and backward passes.
        epochs: in all.
        first: the number of its first minibatch.
    """

    def __init__(
        self,
        network: N,
        cost: Cost[N],
        batches: Minibatches,
        seed: int,
        *,
        rate: float,
        compute: torch.dtype,
        epochs: int,
        first: int = 0,
    ) -> None:
        adam = AdamConfig(rate=rate, betas=(0.9, 0.999), schedule="linear", decay_from=0.5)
        self._player = Player(network, adam, compute)
        self._cost, self._batches, self._seed = cost, batches, seed
        self._first, self._updates = first, epochs * batches.per_epoch

    @property
    def worker(self) -> N:
        """The network in the dtype of its products."""
        return cast("N", self._player.worker)

    def epoch(self, number: int) -> dict[str, float]:
        """Once through the data; the figures' means.

        Raises:
            DivergedError: the cost is not finite.
        """
        per_epoch = self._batches.per_epoch
        totals: dict[str, Tensor] = {}
        for update in range(number * per_epoch, (number + 1) * per_epoch):
            for name, value in self._descend(update).items():
                totals[name] = totals.get(name, torch.zeros(())) + value.detach()
        means = {name: float(total) / per_epoch for name, total in totals.items()}
        if not np.isfinite(list(means.values())).all():
            raise DivergedError(f"the cost is not finite in epoch {number + 1}", "use a lower rate, or float32")
        return means

    def _descend(self, update: int) -> Mapping[str, Tensor]:
        rng = generator_for(self._seed, update, Stream.LAYERS)
        figures = self._cost(self.worker, self._batches(self._first + update), rng)
        descended = next(iter(figures.values()))
        gradients = torch.autograd.grad(descended, self._player.parameters, allow_unused=True)
        self._player.move(gradients, update, self._updates)
        return figures

    def state(self) -> dict[str, Tensor]:
        """Weights and the optimizer's state."""
        moving = {f"optimizer.{name}": value for name, value in self._player.optimizer.state.items()}
        return {"weights": self._player.master.flat, **moving}

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take what `state` gave."""
        for name, value in self.state().items():
            value.copy_(state[name])
        self._player.refresh()


def train(
    images: Images,
    config: Pace,
    build: Callable[[Tensor], N],
    cost: Cost[N],
    folder: Path | None,
    seed: int,
    say: Say,
) -> tuple[N, list[dict[str, Any]]]:
    """Train a network on one cost, or go on where a killed training of the same settings was.

    Args:
        images: as for `points`.
        config: of the network and its training.
        build: the mean of the pixels -> the network to begin with.
        cost: what it descends.
        folder: where checkpoints lie, one after each epoch; None: nothing is kept.
        seed: of the order of the data and of the noise.
        say: is told the figures of each epoch.

    Returns:
        The network, frozen, and a line of figures for each epoch: the cost's, means over the epoch.

    Raises:
        DataError: images that cannot be used.
        RunError: the folder's checkpoint is of other settings.
        DivergedError: the cost is not finite.
    """
    compute = products_of(config.precision)
    batches = Minibatches(images, config.batch, seed, compute)
    network = build(batches.mean())
    learner = CostLearner(network, cost, batches, seed, rate=config.rate, compute=compute, epochs=config.epochs)
    lines = learn(learner, config.epochs, folder, say, identity(config, seed, images))
    return network.requires_grad_(False), lines
