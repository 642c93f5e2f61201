"""The deep belief network of Table 1: a stack of restricted Boltzmann machines, learned one after the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from advnets.errors import DataError, RecipeError, UsageError
from advnets.paper.models.learning import identity, learn, products_of
from advnets.paper.models.markov_chains import STEPS
from advnets.paper.models.rbm import RBM, RBMConfig, RBMLearner, draw, up
from advnets.randomness import Stream, generator_for

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.floating[Any]]

_BLOCK = 1000  # chains that are moved together: as many as stay in the cache


@dataclass(frozen=True)
class DBNConfig:
    """A deep belief network and how it is learned.

    Args:
        layers: its machines, from the pixels up.
        precision: of matrix products: "auto" (bfloat16 where that is fast), "float32" or "bfloat16".
    """

    layers: tuple[RBMConfig, ...] = (RBMConfig(), RBMConfig())
    precision: str = "auto"

    def __post_init__(self) -> None:
        if not self.layers:
            raise RecipeError("a deep belief network of no layers", "give at least one")
        products_of(self.precision)

    @property
    def products(self) -> torch.dtype:
        """The dtype of matrix products."""
        return products_of(self.precision)


@dataclass(frozen=True, eq=False)
class DBN:
    """p(v, h1, ...) = p(v | h1) p(h1 | h2) ... p(top two layers): directed below, a Boltzmann machine on top.

    Args:
        machines: from the pixels up; the hidden units of each are the visible units of the next.
        products: the dtype of matrix products in sampling.

    Source: Hinton, Osindero and Teh 2006, *A Fast Learning Algorithm for Deep Belief Nets*.
    """

    machines: Sequence[RBM]
    products: torch.dtype = torch.float32

    def sample(self, count: int, seed: int, steps: int = STEPS, start: Tensor | None = None) -> Tensor:
        """Independent samples: each the end of a Gibbs chain of its own in the top machine, taken down to the pixels.

        Args:
            count: how many.
            seed: of everything that is drawn.
            steps: Gibbs steps of each chain.
            start: rows of pixels in [0, 1], count x D, at which chains start after a pass upward; by default they start
                at the top machine's visible units drawn from their biases alone.

        Returns:
            count x D, float32 in [0, 1]: the probabilities of the pixels given the states of the layer above, which are
            drawn, as are those of all layers between.

        Raises:
            UsageError: fewer than 1 sample, fewer than 0 steps, or other than `count` rows to start at.
        """
        if count < 1 or steps < 0 or (start is not None and len(start) != count):
            given = "" if start is None else f" from {len(start)} rows"
            raise UsageError(f"{count} samples{given} after {steps} steps", "give at least 1, and a row for each")
        machines = [machine.to(self.products) for machine in self.machines]
        blocks: list[Tensor] = []
        for first in range(0, count, _BLOCK):
            generator = generator_for(seed, first // _BLOCK, Stream.SAMPLES)
            size = min(_BLOCK, count - first)
            rows = None if start is None else start[first : first + size]
            at = _start(machines, size, rows, generator)
            blocks.append(_down(machines, machines[-1].gibbs(at, steps, generator), generator))
        return torch.cat(blocks)

    def trace(
        self, observe: Callable[[Tensor], Tensor], chains: int, steps: int, seed: int, burn_in: int = STEPS
    ) -> Tensor:
        """What is observed along Gibbs chains of the top machine, to see how fast they mix.

        Args:
            observe: of the pixels' means, N x D in [0, 1], one figure a row or several: N or N x K.
            chains: that run side by side.
            steps: Gibbs steps, each observed.
            seed: of everything that is drawn.
            burn_in: steps before the first that is observed.

        Returns:
            chains x steps (x K), float64; each figure a series for `baselines.partition.autocorrelation_time`.

        Raises:
            UsageError: fewer than 1 chain or step.
        """
        if chains < 1 or steps < 1:
            raise UsageError(f"{chains} chains of {steps} steps", "use 1 or more of both")
        machines = [machine.to(self.products) for machine in self.machines]
        generator = generator_for(seed, 0, Stream.SAMPLES)
        states = machines[-1].gibbs(_start(machines, chains, None, generator), burn_in, generator)
        seen: list[Tensor] = []
        for _ in range(steps):
            states = machines[-1].gibbs(states, 1, generator)
            seen.append(observe(_down(machines, states, generator)).double())
        return torch.stack(seen, 1)

    def state_dict(self) -> dict[str, Tensor]:
        """Every tensor, as "0.weight", "0.visible_bias", ..."""
        return {
            f"{place}.{name}": tensor
            for place, machine in enumerate(self.machines)
            for name, tensor in machine.state_dict().items()
        }

    @staticmethod
    def from_state_dict(tensors: Mapping[str, Tensor], products: torch.dtype = torch.float32) -> DBN:
        """The network that `state_dict` was of."""
        names = ("weight", "visible_bias", "hidden_bias")
        machines = [RBM(*(tensors[f"{i}.{name}"] for name in names)) for i in range(len(tensors) // len(names))]
        return DBN(machines, products)


def train_dbn(
    images: Pixels,
    config: DBNConfig,
    folder: Path | None,
    seed: int,
    say: Callable[[str], None] = lambda _: None,
    valid: Pixels | None = None,
) -> DBN:
    """Learn a deep belief network, machine by machine; it goes on from the checkpoints in `folder`.

    Args:
        images: N x ..., uint8 or floating point in [0, 1]; each is a row of pixels.
        config: the network and how it is learned.
        folder: where checkpoints lie, a folder for each machine; None: nothing is kept.
        seed: of everything that is drawn.
        say: is told the figures of each epoch.
        valid: images to compare free energies with, as the machines learn.

    Returns:
        The network, which samples in the precision that it was learned in.

    Raises:
        DataError: other images.
        RecipeError: fewer images than make a batch.
        RunError: `folder` has checkpoints of another training or of a later version.
        DivergedError: the rate of a machine is too high.
        OSError: the folder cannot be written.
    """
    rows, unseen = _rows(images), None if valid is None else _rows(valid)
    machines: list[RBM] = []
    for place, layer in enumerate(config.layers):
        learner = RBMLearner(rows, layer, seed, machines, unseen, config.products)
        so_far = dataclasses.replace(config, layers=config.layers[: place + 1])
        where = None if folder is None else folder / f"layer-{place + 1}"
        of = identity(so_far, seed, images)
        learn(learner, layer.epochs, where, _saying(say, f"layer {place + 1}"), of)
        machines.append(learner.machine)
    return DBN(machines, config.products)


def _saying(say: Callable[[str], None], what: str) -> Callable[[str], None]:
    return lambda text: say(f"{what}, {text}")


def _rows(images: Pixels) -> Tensor:
    if images.ndim < 2 or not len(images):
        raise DataError(f"images of shape {images.shape}", "give N x C x H x W or N x D with N at least 1")
    rows = torch.from_numpy(np.array(images.reshape(len(images), -1)))
    if rows.dtype == torch.uint8:
        return rows
    if not rows.is_floating_point() or not bool(((rows >= 0) & (rows <= 1)).all()):
        raise DataError(f"images of {images.dtype} out of range", "give uint8, or floating point in [0, 1]")
    return rows.float()


def _start(machines: Sequence[RBM], count: int, rows: Tensor | None, generator: torch.Generator) -> Tensor:
    """Visible states of the top machine to start at."""
    if rows is not None:
        return up(machines[:-1], rows, generator)
    bias = machines[-1].visible_bias
    return draw(bias.sigmoid().expand(count, -1), generator, machines[-1].weight.dtype)


def _down(machines: Sequence[RBM], top_ND: Tensor, generator: torch.Generator) -> Tensor:
    """Means of the pixels given visible states of the top machine: states of each layer are drawn on the way."""
    if len(machines) == 1:  # there is nothing below: once up and down
        return machines[0].visible(draw(machines[0].hidden(top_ND), generator, machines[0].weight.dtype))
    states = top_ND
    for machine in reversed(machines[1:-1]):
        states = draw(machine.visible(states), generator, machine.weight.dtype)
    return machines[0].visible(states)
