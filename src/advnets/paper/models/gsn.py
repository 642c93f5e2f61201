"""The deep generative stochastic network, trained by walkback: Bengio, Thibodeau-Laufer, Alain and Yosinski 2014.

A chain over the visible units and a stack of hidden layers, whose every step learns to bring x back. In a step the odd
layers are updated from their neighbors, then the even ones, the visible layer among them. Weights are tied, as in a
deep Boltzmann machine, but what is trained, by backpropagation through the unrolled chain, is that each step's expected
image reconstructs the clean x. Noise enters at the visible layer (salt and pepper) and before and after the hidden
layers' tanh. The chain's expected images are the samples.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.errors import RecipeError
from advnets.paper.models.descent import Images, train
from advnets.paper.models.learning import Say, products_of, silent
from advnets.paper.models.markov_chains import STEPS, end_of, factorial_start, mean_logits
from advnets.randomness import Stream, generator_for


@dataclass(frozen=True)
class GSNConfig:
    """A network and its training. Noise, corruption and walkback are the authors'; they had 1,500 units a layer and
    1,000 epochs of SGD."""

    units: tuple[int, ...] = (1000, 1000)
    """Hidden units of each layer, from the lowest up."""
    noise: tuple[float, ...] = (0.0, 2.0)
    """Standard deviation of the Gaussian noise before and after each hidden layer's tanh. The authors leave the first
    layer without. Less of it sharpens the samples and slows the chain."""
    corruption: float = 0.4
    """Share of the pixels that salt and pepper, half of each, replace at every step."""
    walkback: int = 4
    """Steps of the chain that are unrolled: twice the layers, so that what the top layer says can come down."""
    epochs: int = 15
    batch: int = 100
    rate: float = 2e-3
    """Adam's; it falls to 0 linearly over the second half of the training."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the matrix products; auto is bfloat16 where the machine is fast at it."""

    def __post_init__(self) -> None:
        if not len(self.units) == len(self.noise) > 0:
            raise RecipeError("units and noise differ in length", "give one for each hidden layer")
        if min(*self.units, self.epochs, self.batch, self.walkback) < 1 or min(self.noise) < 0 or self.rate <= 0:
            raise RecipeError(f"{self} cannot be trained", "use positive values; only noise may be 0")
        products_of(self.precision)
        if not 0 <= self.corruption <= 1:
            raise RecipeError(f"a corruption of {self.corruption:g}", "give a share, from 0 to 1")


State = Sequence[Tensor | None]
"""The visible layer and each hidden one, N x units; None: all zeros, as at the chain's start."""


class GSN(nn.Module):
    """The network.

    Args:
        visible: number of pixels.
        units: hidden units of each layer, from the lowest up.
        noise: standard deviation of each hidden layer's noise.
        corruption: share of the pixels that salt and pepper replace.
        mean: of the pixels over the training images, (visible,): what the initial visible biases say and where chains
            start; 1/2 by default.
        seed: of the initial weights: uniform on +-sqrt(6 / (below + above)).
    """

    mean: Tensor

    def __init__(
        self,
        visible: int,
        units: Sequence[int],
        noise: Sequence[float],
        corruption: float,
        mean: Tensor | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        sizes = [visible, *units]
        self.weights = nn.ParameterList(
            _uniform(above, below, generator_for(seed, 0, Stream.INITIAL_WEIGHTS, index))
            for index, (below, above) in enumerate(itertools.pairwise(sizes))
        )
        self.register_buffer("mean", torch.full((visible,), 0.5) if mean is None else mean.clone())
        self.biases = nn.ParameterList([mean_logits(self.mean), *(torch.zeros(size) for size in units)])
        self.noise, self.corruption = tuple(noise), corruption

    def start(self, x: Tensor, rng: torch.Generator | None) -> State:
        """The state that begins at images x in [0, 1], N x visible: x corrupted, hidden layers at 0."""
        return [salt_and_pepper(x, self.corruption, rng), *[None] * len(self.weights)]

    def step(self, state: State, rng: torch.Generator | None) -> tuple[Tensor, State]:
        """One step: odd layers, then even ones; pixels are drawn from their expectation and corrupted.

        Args:
            state: of the chain.
            rng: of the noise.

        Returns:
            Logits of the expected image, N x visible, in float32 or better, and the next state. The gradient of the
            next state passes through its hidden layers, not through drawn pixels.
        """
        layers, logits = self._expect(state, rng)
        return logits, self._go_on(layers, logits, rng)

    def walkback(self, x: Tensor, steps: int, rng: torch.Generator | None) -> dict[str, Tensor]:
        """Cross entropy of the clean x under each of `steps` steps' expected images: their sum, the first and the last.

        Args:
            x: in [0, 1], N x visible.
            steps: how many are unrolled.
            rng: of the noise.

        Returns:
            Means over the rows, in nats.

        Source: Bengio et al. 2014, section 3.2 and Figure 2; Bengio et al. 2013 (walkback).
        """
        state, clean = self.start(x, rng), x.to(torch.promote_types(x.dtype, torch.float32))
        entropies: list[Tensor] = []
        for turn in range(steps):
            layers, logits = self._expect(state, rng)
            if turn + 1 < steps:  # nobody sees what comes after the last image
                state = self._go_on(layers, logits, rng)
            entropies.append(F.binary_cross_entropy_with_logits(logits, clean, reduction="sum") / len(x))
        return {"cost": torch.stack(entropies).sum(), "first": entropies[0], "last": entropies[-1]}

    @torch.no_grad()
    def chain(self, count: int, seed: int) -> Iterator[Tensor]:
        """Expected images of `count` chains after each step, for ever, from independent pixels of the mean on.

        Args:
            count: of chains side by side.
            seed: of all that is drawn; a step's noise is a function of (seed, step).

        Yields:
            count x visible, in (0, 1).
        """
        state = self.start(factorial_start(self.mean, count, seed), generator_for(seed, 0, Stream.SAMPLES))
        for step in itertools.count(1):
            logits, state = self.step(state, generator_for(seed, step, Stream.SAMPLES))
            yield torch.sigmoid(logits)

    def sample(self, count: int, seed: int, steps: int = STEPS) -> NDArray[np.float32]:
        """Independent samples: each the expected image at the end of a chain of its own.

        Args:
            count: at least 1.
            seed: of the draws.
            steps: of each chain, at least 1.

        Returns:
            float32, count x visible, in [0, 1].
        """
        return end_of(self.chain(count, seed), count, steps)

    def _expect(self, state: State, rng: torch.Generator | None) -> tuple[list[Tensor | None], Tensor]:
        """The state after its odd layers' update, and the logits of the image that it expects."""
        layers = list(state)
        for index in range(1, len(layers), 2):
            layers[index] = self._hidden(layers, index, rng)
        logits = self._into(layers, 0)
        return layers, logits.float() if logits.dtype == torch.bfloat16 else logits

    def _go_on(self, layers: list[Tensor | None], logits: Tensor, rng: torch.Generator | None) -> State:
        """The state after its even layers' update."""
        for index in range(2, len(layers), 2):
            layers[index] = self._hidden(layers, index, rng)
        with torch.no_grad():
            drawn = (_random(logits, rng) < torch.sigmoid(logits)).to(self.biases[0].dtype)
            layers[0] = salt_and_pepper(drawn, self.corruption, rng)
        return layers

    def _into(self, layers: State, index: int) -> Tensor:
        """What a layer gets from its neighbors and its bias; a neighbor at 0 says nothing."""
        below = layers[index - 1] if index else None
        above = layers[index + 1] if index + 1 < len(layers) else None
        bias = self.biases[index]
        if below is None and above is None:  # still a row for each chain: each has noise of its own
            return bias.expand(next(len(layer) for layer in layers if layer is not None), -1)
        total = bias if below is None else F.linear(below, self.weights[index - 1], bias)
        return total if above is None else total + above @ self.weights[index]

    def _hidden(self, layers: State, index: int, rng: torch.Generator | None) -> Tensor:
        deviation = self.noise[index - 1]
        return _noisy(torch.tanh(_noisy(self._into(layers, index), deviation, rng)), deviation, rng)


def salt_and_pepper(x: Tensor, share: float, rng: torch.Generator | None) -> Tensor:
    """x with `share` of its values replaced, half of them by 0 and half by 1."""
    draw = _random(x, rng)
    return torch.where(draw < share, (draw < share / 2).to(x.dtype), x)


def _random(like: Tensor, rng: torch.Generator | None) -> Tensor:
    """Uniform on [0, 1), float32: bfloat16 would round up to 1."""
    return torch.rand(like.shape, generator=rng)


def _noisy(values: Tensor, deviation: float, rng: torch.Generator | None) -> Tensor:
    if deviation == 0:
        return values
    noise = torch.randn(values.shape, generator=rng, dtype=values.dtype)
    return torch.add(values, noise, alpha=deviation)


def _uniform(above: int, below: int, rng: torch.Generator) -> nn.Parameter:
    bound = (6 / (above + below)) ** 0.5
    return nn.Parameter((torch.rand(above, below, generator=rng) * 2 - 1) * bound)


def train_gsn(
    images: Images,
    config: GSNConfig = GSNConfig(),
    folder: Path | None = None,
    seed: int = 0,
    say: Say = silent,
) -> tuple[GSN, list[dict[str, Any]]]:
    """Train a network by walkback, or go on where a killed training of the same settings was.

    Args:
        images: uint8, N x C x H x W, or float32 in [0, 1]; they become rows.
        config: the network.
        folder: where checkpoints lie, one after each epoch; None: nothing is kept.
        seed: of the initial weights, the order of the data and the noise.
        say: is told the figures of each epoch.

    Returns:
        The network, and a line of figures for each epoch: the walkback cost, and its first and last step's cross
        entropy, means over the epoch in nats an image.

    Raises:
        DataError: images that cannot be used.
        RunError: the folder's checkpoint is of other settings.
        DivergedError: the cost is not finite.
    """

    def build(mean: Tensor) -> GSN:
        return GSN(len(mean), config.units, config.noise, config.corruption, mean, seed)

    def cost(network: GSN, x: Tensor, rng: torch.Generator) -> Mapping[str, Tensor]:
        return network.walkback(x, config.walkback, rng)

    return train(images, config, build, cost, folder, seed, say)
