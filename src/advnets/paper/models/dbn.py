"""The deep belief network of Table 1: a stack of restricted Boltzmann machines, learned one after the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from advnets.errors import RecipeError, UsageError
from advnets.paper.models.descent import Images, points
from advnets.paper.models.learning import Say, identity, learn, of_layer, products_of, silent
from advnets.paper.models.markov_chains import STEPS
from advnets.paper.models.rbm import RBM, RBMConfig, RBMLearner, draw
from advnets.randomness import Stream, generator_for

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

    def sample(self, count: int, seed: int, steps: int = STEPS) -> Tensor:
        """Independent samples: each the end of a Gibbs chain of its own in the top machine, taken down to the pixels.

        Args:
            count: how many.
            seed: of everything that is drawn.
            steps: Gibbs steps of each chain.

        Returns:
            count x D, float32 in [0, 1]: the probabilities of the pixels given the states of the layer above, which are
            drawn, as are those of all layers between.

        Raises:
            UsageError: fewer than 1 sample, or fewer than 0 steps.
        """
        if count < 1 or steps < 0:
            raise UsageError(f"{count} samples after {steps} steps", "ask for 1 or more, after 0 or more")
        machines = [machine.to(self.products) for machine in self.machines]
        blocks: list[Tensor] = []
        for first in range(0, count, _BLOCK):
            generator = generator_for(seed, first // _BLOCK, Stream.SAMPLES)
            at = _start(machines[-1], min(_BLOCK, count - first), generator)
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
            chains x steps (x K), float64; each figure a series for `models.mixing.autocorrelation_time`.

        Raises:
            UsageError: fewer than 1 chain or step.
        """
        if chains < 1 or steps < 1:
            raise UsageError(f"{chains} chains of {steps} steps", "use 1 or more of both")
        machines = [machine.to(self.products) for machine in self.machines]
        generator = generator_for(seed, 0, Stream.SAMPLES)
        states = machines[-1].gibbs(_start(machines[-1], chains, generator), burn_in, generator)
        seen: list[Tensor] = []
        for _ in range(steps):
            states = machines[-1].gibbs(states, 1, generator)
            seen.append(observe(_down(machines, states, generator)).double())
        return torch.stack(seen, 1)


def train_dbn(images: Images, config: DBNConfig, folder: Path | None, seed: int, say: Say = silent) -> DBN:
    """Learn a deep belief network, machine by machine; it goes on from the checkpoints in `folder`.

    Args:
        images: uint8, N x ..., or float32 in [0, 1]; each is a row of pixels.
        config: the network and how it is learned.
        folder: where checkpoints lie, a folder for each machine; None: nothing is kept.
        seed: of everything that is drawn.
        say: is told the figures of each epoch.

    Returns:
        The network, which samples in the precision that it was learned in.

    Raises:
        DataError: other images.
        RecipeError: fewer images than make a batch.
        RunError: `folder` has checkpoints of another training or of a later version.
        DivergedError: the rate of a machine is too high.
        OSError: the folder cannot be written.
    """
    rows = torch.from_numpy(points(images).copy())
    machines: list[RBM] = []
    for place, layer in enumerate(config.layers):
        learner = RBMLearner(rows, layer, seed, machines, config.products)
        so_far = dataclasses.replace(config, layers=config.layers[: place + 1])
        learn(learner, layer.epochs, *of_layer(place, folder, say), identity(so_far, seed, images))
        machines.append(learner.machine)
    return DBN(machines, config.products)


def _start(top: RBM, count: int, generator: torch.Generator) -> Tensor:
    """Visible states of the top machine to start at: drawn from their biases alone."""
    return draw(top.visible_bias.sigmoid().expand(count, -1), generator, top.weight.dtype)


def _down(machines: Sequence[RBM], top_ND: Tensor, generator: torch.Generator) -> Tensor:
    """Means of the pixels given visible states of the top machine: states of each layer are drawn on the way."""
    if len(machines) == 1:  # there is nothing below: once up and down
        return machines[0].visible(draw(machines[0].hidden(top_ND), generator, machines[0].weight.dtype))
    states = top_ND
    for machine in reversed(machines[1:-1]):
        states = draw(machine.visible(states), generator, machine.weight.dtype)
    return machines[0].visible(states)
