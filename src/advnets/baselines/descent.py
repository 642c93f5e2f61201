"""Minibatch descent on a cost: what the auto-encoders and the generative stochastic network train with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.errors import DataError, DivergedError, RunError
from advnets.training.batches import Batches
from advnets.training.optimizers import OptimizerConfig
from advnets.training.player import Player

Images = NDArray[np.uint8] | NDArray[np.float32]


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


def fingerprint(*settings: Any) -> Tensor:
    """32 bytes that tell settings apart, to be kept in a checkpoint."""
    return torch.frombuffer(bytearray(hashlib.sha256(repr(settings).encode()).digest()), dtype=torch.uint8)


def check_fingerprint(state: Mapping[str, Tensor], own: Tensor) -> None:
    """Refuse a checkpoint of other settings.

    Raises:
        RunError: it is of another configuration, seed or data.
    """
    if "settings" not in state or not torch.equal(state["settings"], own):
        raise RunError("the checkpoint is of another configuration, seed or data", "give another folder")
