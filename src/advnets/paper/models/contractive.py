"""The stacked contractive auto-encoder and the chain that samples from it: Rifai et al. 2011 and 2012.

A layer is f(x) = sigmoid(W x + b), g(h) = sigmoid(W^T h + c) and costs L(x, g(f(x))) + lambda ||J_f(x)||_F^2, where
J_f is the encoder's Jacobian. It is contracted everywhere but along the directions in which the data vary, so that its
leading singular vectors span the tangent plane of the data's manifold at x. The chain moves h by J J^T eps, along that
plane.
"""

from __future__ import annotations

import dataclasses
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
from advnets.games.game import at_least_float32
from advnets.paper.models.descent import Cost, CostLearner, Images, Minibatches
from advnets.paper.models.learning import Say, identity, learn, of_layer, products_of, silent
from advnets.paper.models.markov_chains import STEPS, end_of, factorial_start, mean_logits
from advnets.randomness import Stream, generator_for


@dataclass(frozen=True)
class CAEConfig:
    """A stack and its greedy training, one layer after the other."""

    units: tuple[int, ...] = (500, 500)
    """Hidden units of each layer, from the lowest up."""
    contraction: tuple[float, ...] = (1.0, 0.5)
    """Each layer's lambda, in nats per unit of the squared Frobenius norm."""
    epochs: tuple[int, ...] = (4, 4)
    """Epochs that each layer is trained. More of them reconstruct better and sample worse: images that the stack knows
    by heart attract the chain, and it stays there."""
    batch: int = 100
    rate: float = 2e-3
    """Adam's; it falls to 0 over a layer's training, linearly over its second half."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the matrix products; auto is bfloat16 where the machine is fast at it."""

    def __post_init__(self) -> None:
        if not len(self.units) == len(self.contraction) == len(self.epochs) > 0:
            raise RecipeError("units, contraction and epochs of a stack differ in length", "give one for each layer")
        products_of(self.precision)
        if min(*self.units, *self.epochs, self.batch) < 1 or min(self.contraction) < 0 or self.rate <= 0:
            raise RecipeError(f"{self} cannot be trained", "use positive values; only a contraction may be 0")


SIGMA = 1.5
"""The chain's step for the default stack on MNIST, chosen by looking at samples: the largest at which nearly all of
them are digits. Parzen alone would take 2 to 2.5, where one image in ten and more is blank."""


class ContractiveAutoencoder(nn.Module):
    """One layer: sigmoid encoder and decoder with tied weights.

    Args:
        visible, hidden: numbers of units.
        rng: of the initial weights: uniform on +-4 sqrt(6 / (visible + hidden)), for sigmoids (Glorot and Bengio 2010).
    """

    def __init__(self, visible: int, hidden: int, rng: torch.Generator | None = None) -> None:
        super().__init__()
        bound = 4 * (6 / (visible + hidden)) ** 0.5
        self.weight = nn.Parameter((torch.rand(hidden, visible, generator=rng) * 2 - 1) * bound)
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))
        self.visible_bias = nn.Parameter(torch.zeros(visible))

    def encode(self, x: Tensor) -> Tensor:
        """f(x), N x hidden, in (0, 1), in float32 or better: 1 - f(x) has few digits in bfloat16."""
        return torch.sigmoid(at_least_float32(F.linear(x, self.weight, self.hidden_bias)))

    def logits(self, h: Tensor) -> Tensor:
        """What g(h) is the sigmoid of, N x visible."""
        return at_least_float32(F.linear(h.to(self.weight.dtype), self.weight.t(), self.visible_bias))

    def decode(self, h: Tensor) -> Tensor:
        """g(h), N x visible, in (0, 1); h may lie outside [0, 1]."""
        return torch.sigmoid(self.logits(h))

    def contraction(self, h: Tensor) -> Tensor:
        """||J_f(x)||_F^2 at f(x) = h: sum_j (h_j (1 - h_j))^2 sum_i W_ji^2, (N,).

        Source: Rifai et al. 2011, Eq. 8.
        """
        squares = at_least_float32(self.weight).square().sum(1)
        return (h * (1 - h)).square() @ squares

    def push(self, h: Tensor, direction: Tensor) -> Tensor:
        """J_f(x) v at f(x) = h, N x hidden, for v in the visible space, N x visible."""
        return h * (1 - h) * F.linear(direction, self.weight)

    def pull(self, h: Tensor, direction: Tensor) -> Tensor:
        """J_f(x)^T u at f(x) = h, N x visible, for u in the hidden space, N x hidden."""
        return (h * (1 - h) * direction) @ self.weight

    def cost(self, x: Tensor, contraction: float) -> dict[str, Tensor]:
        """Cost, cross entropy and squared norm of the Jacobian, means over the rows of x in [0, 1], N x visible."""
        h = self.encode(x)
        logits = self.logits(h)
        entropy = F.binary_cross_entropy_with_logits(logits, x.to(logits.dtype), reduction="sum") / len(x)
        jacobian = self.contraction(h).mean()
        return {"cost": entropy + contraction * jacobian, "cross_entropy": entropy, "jacobian": jacobian}


class StackedCAE(nn.Module):
    """Contractive auto-encoders on each other, and the chain through all of them.

    Args:
        visible: numbers of pixels.
        units: hidden units of each layer, from the lowest up.
        mean: of the pixels over the training images, (visible,): what the initial visible biases say and where chains
            start; 1/2 by default.
        seed: of the initial weights.
    """

    mean: Tensor

    def __init__(self, visible: int, units: Sequence[int], mean: Tensor | None = None, seed: int = 0) -> None:
        super().__init__()
        sizes = [visible, *units]
        self.layers = nn.ModuleList(
            ContractiveAutoencoder(below, above, generator_for(seed, 0, Stream.INITIAL_WEIGHTS, index))
            for index, (below, above) in enumerate(itertools.pairwise(sizes))
        )
        self.register_buffer("mean", torch.full((visible,), 0.5) if mean is None else mean.clone())
        self.stack[0].visible_bias.data.copy_(mean_logits(self.mean))

    @property
    def stack(self) -> list[ContractiveAutoencoder]:
        """The layers from the lowest up."""
        return [layer for layer in self.layers if isinstance(layer, ContractiveAutoencoder)]

    def encode(self, x: Tensor) -> list[Tensor]:
        """Every layer's activations, from the lowest up, for x in [0, 1], N x visible."""
        activations: list[Tensor] = []
        for layer in self.stack:
            activations.append(layer.encode(activations[-1] if activations else x))
        return activations

    def decode(self, top: Tensor) -> Tensor:
        """The image of top activations, N x visible, in (0, 1)."""
        for layer in reversed(self.stack):
            top = layer.decode(top)
        return top

    def tangent(self, activations: Sequence[Tensor], noise: Tensor) -> Tensor:
        """J J^T noise, with J the Jacobian of the whole encoder at the x that has these activations.

        Args:
            activations: as `encode` gives them.
            noise: N x top units.

        Returns:
            N x top units. The chain rule makes J the product of the layers' Jacobians; none of them is ever formed.
        """
        pairs = list(zip(self.stack, activations, strict=True))
        for layer, h in reversed(pairs):
            noise = layer.pull(h, noise)
        for layer, h in pairs:
            noise = layer.push(h, noise)
        return noise

    @torch.no_grad()
    def chain(self, count: int, seed: int, sigma: float, start: Tensor | None = None) -> Iterator[Tensor]:
        """Images of `count` chains after each step, for ever: h = f(x), x <- g(h + J J^T eps), eps ~ N(0, sigma^2 I).

        Args:
            count: of chains side by side.
            seed: of all that is drawn; a step's noise is a function of (seed, step).
            sigma: standard deviation of eps, how far a step goes.
            start: count x visible, in [0, 1]; by default independent pixels of the training images' mean.

        Yields:
            count x visible, in (0, 1), expectations of the pixels.

        Source: Rifai et al. 2012, Algorithm 1.
        """
        x = factorial_start(self.mean, count, seed) if start is None else start
        for step in itertools.count(1):
            activations = self.encode(x)
            top = activations[-1]
            rng = generator_for(seed, step, Stream.SAMPLES)
            noise = torch.randn(top.shape, generator=rng, dtype=top.dtype) * sigma
            x = self.decode(top + self.tangent(activations, noise))
            yield x

    def sample(self, count: int, seed: int, sigma: float = SIGMA, steps: int = STEPS) -> NDArray[np.float32]:
        """Independent samples: each the end of a chain of its own.

        Args:
            count: at least 1.
            seed: of the draws.
            sigma: as for `chain`.
            steps: of each chain, at least 1.

        Returns:
            float32, count x visible, in [0, 1].
        """
        return end_of(self.chain(count, seed, sigma), count, steps)


def train_cae(
    images: Images,
    config: CAEConfig = CAEConfig(),
    folder: Path | None = None,
    seed: int = 0,
    say: Say = silent,
) -> tuple[StackedCAE, list[dict[str, Any]]]:
    """Train a stack greedily, or go on where a killed training of the same settings was.

    Args:
        images: uint8, N x C x H x W, or float32 in [0, 1]; they become rows.
        config: the stack.
        folder: where checkpoints lie, a folder for each layer; None: nothing is kept.
        seed: of the initial weights and the order of the data.
        say: is told the figures of each epoch.

    Returns:
        The stack, and a line of figures for each epoch of each layer: cost, cross_entropy and jacobian, means over the
        epoch in nats an image (of the layer's input), the latter the squared Frobenius norm.

    Raises:
        DataError: images that cannot be used.
        RunError: the folder's checkpoint is of other settings.
        DivergedError: the cost is not finite.
    """
    compute = products_of(config.precision)
    batches = Minibatches(images, config.batch, seed, compute)
    mean = batches.mean()
    stack = StackedCAE(len(mean), config.units, mean, seed)
    lines: list[dict[str, Any]] = []
    below: list[ContractiveAutoencoder] = []
    for place, (layer, epochs) in enumerate(zip(stack.stack, config.epochs, strict=True)):
        learner = CostLearner(
            layer, _cost(tuple(below), config.contraction[place]), batches, seed, rate=config.rate, compute=compute,
            epochs=epochs, first=len(lines) * batches.per_epoch,
        )  # fmt: skip
        of = identity(_lowest(config, place + 1), seed, images)
        lines += learn(learner, epochs, *of_layer(place, folder, say), of)
        below.append(learner.worker)
    return stack.requires_grad_(False), lines


def _cost(below: Sequence[ContractiveAutoencoder], contraction: float) -> Cost[ContractiveAutoencoder]:
    """The cost of a layer upon others, which are trained already."""

    def cost(worker: ContractiveAutoencoder, x: Tensor, rng: torch.Generator) -> Mapping[str, Tensor]:
        del rng
        with torch.no_grad():
            for each in below:
                x = each.encode(x).to(x.dtype)
        return worker.cost(x, contraction)

    return cost


def _lowest(config: CAEConfig, layers: int) -> CAEConfig:
    """What the lowest layers are trained with."""
    parts = (config.units[:layers], config.contraction[:layers], config.epochs[:layers])
    return dataclasses.replace(config, units=parts[0], contraction=parts[1], epochs=parts[2])
