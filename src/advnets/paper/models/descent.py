"""Minibatch descent on a cost: what the auto-encoders and the generative stochastic network train with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.errors import DataError, DivergedError
from advnets.paper.models.learning import products_of
from advnets.randomness import Stream, generator_for
from advnets.training.batches import Batches
from advnets.training.optimizers import OptimizerConfig
from advnets.training.player import Player

Images = NDArray[np.uint8] | NDArray[np.float32]
N = TypeVar("N", bound=nn.Module)


def points(images: Images) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Images as rows, N x D, uint8 or float32.

    Raises:
        DataError: no images, another dtype, or values outside [0, 1].
    """
    if images.ndim < 2 or not len(images):
        raise DataError(f"images of shape {images.shape}", "give N x C x H x W or N x D with N at least 1")
    if images.dtype != np.uint8 and not (images.dtype == np.float32 and images.min() >= 0 and images.max() <= 1):
        raise DataError(f"images of {images.dtype}, or not in [0, 1]", "give uint8, or float32 in [0, 1]")
    return images.reshape(len(images), -1)


def batches_of(images: Images, batch: int, seed: int, dtype: torch.dtype) -> Batches:
    """Minibatches of N x D values in [0, 1]; the order is a function of (seed, epoch)."""
    rows = points(images)
    return Batches(rows, np.arange(len(rows)), min(batch, len(rows)), seed, torch.device("cpu"), dtype, (0.0, 1.0))


class Descent:
    """A network on its way down a cost.

    Args:
        network: float32; a bfloat16 copy of it computes where `compute` says so.
        optimizer: how it moves.
        compute: dtype of the forward and backward passes.
        steps: updates in all, to which a schedule of the rate falls.
    """

    def __init__(self, network: nn.Module, optimizer: OptimizerConfig, compute: torch.dtype, steps: int) -> None:
        self.player = Player(network, optimizer, compute)
        self._steps = steps

    def epoch(self, number: int, steps: int, cost: Callable[[int], Mapping[str, Tensor]]) -> dict[str, float]:
        """Updates `number` * `steps` and on, `steps` of them.

        Args:
            number: of the epoch, from 0.
            steps: updates an epoch.
            cost: update number -> named figures; they descend on the first.

        Returns:
            The figures' means.

        Raises:
            DivergedError: the cost is not finite.
        """
        totals: dict[str, Tensor] = {}
        for update in range(number * steps, (number + 1) * steps):
            figures = cost(update)
            descended = next(iter(figures.values()))
            gradients = torch.autograd.grad(descended, self.player.parameters, allow_unused=True)
            self.player.move(gradients, update, self._steps)
            for name, value in figures.items():
                totals[name] = totals.get(name, torch.zeros(())) + value.detach()
        means = {name: float(total) / steps for name, total in totals.items()}
        if not np.isfinite(list(means.values())).all():
            raise DivergedError(f"the cost is not finite in epoch {number + 1}", "use a lower rate, or float32")
        return means

    def state(self, prefix: str) -> dict[str, Tensor]:
        """Weights and the optimizer's state, named `prefix`.something."""
        moving = {f"{prefix}.{name}": value for name, value in self.player.optimizer.state.items()}
        return {f"{prefix}.weights": self.player.master.flat, **moving}

    @torch.no_grad()
    def restore(self, prefix: str, state: Mapping[str, Tensor]) -> None:
        """Take what `state` gave."""
        for name, value in self.state(prefix).items():
            value.copy_(state[name])
        self.player.refresh()


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


class CostLearner(Generic[N]):
    """A `Learner` of one network on one cost of minibatches, by Adam, its rate falling to 0 over the second half.

    Args:
        images: as for `points`.
        config: of the network and its training.
        seed: of the order of the data and of the noise.
        build: the mean of the pixels -> the network to begin with.
        cost: (the network that computes, rows of a minibatch, random generator) -> figures; they descend on the first.
    """

    def __init__(
        self,
        images: Images,
        config: Pace,
        seed: int,
        build: Callable[[Tensor], N],
        cost: Callable[[N, Tensor, torch.Generator], Mapping[str, Tensor]],
    ) -> None:
        compute = products_of(config.precision)
        self._cost_of, self._seed, self._batches = cost, seed, batches_of(images, config.batch, seed, compute)
        self._per_epoch = max(len(images) // config.batch, 1)
        self.network = build(self._batches.mean())
        self._descent = Descent(self.network, adam(config.rate), compute, config.epochs * self._per_epoch)

    def epoch(self, number: int) -> dict[str, float]:
        """Once through the data."""
        return self._descent.epoch(number, self._per_epoch, self._cost)

    def _cost(self, update: int) -> Mapping[str, Tensor]:
        worker = cast("N", self._descent.player.worker)  # a copy of the network, in the dtype of its products
        return self._cost_of(worker, self._batches(update), generator_for(self._seed, update, Stream.LAYERS))

    def state(self) -> dict[str, Tensor]:
        """Weights and the optimizer's state."""
        return self._descent.state("network")

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take what `state` gave."""
        self._descent.restore("network", state)


def adam(rate: float) -> OptimizerConfig:
    """What all of them move by: the rate falls to 0 linearly over the second half of the training."""
    return OptimizerConfig(rate=rate, betas=(0.9, 0.999), schedule="linear", decay_from=0.5)
