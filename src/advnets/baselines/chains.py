"""Samples from Markov chains of images: many chains side by side, one rule of what is kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.errors import UsageError
from advnets.training.randomness import Stream, generator_for

_SMALLEST_MEAN = 1e-3


@dataclass(frozen=True)
class ChainConfig:
    """Which states of a chain are samples."""

    chains: int = 1000
    """Chains that run side by side, each from a start of its own."""
    burn_in: int = 50
    """Steps before the first sample."""
    spacing: int = 5
    """Steps from one sample of a chain to its next."""

    def __post_init__(self) -> None:
        if min(self.chains, self.spacing) < 1 or self.burn_in < 0:
            raise UsageError(f"{self}", "use 1 or more chains, a spacing of 1 or more, a burn-in of 0 or more")


CHAINS = ChainConfig()
"""For 10,000 samples, 10 of each chain."""


def collect(chain: Iterator[Tensor], count: int, config: ChainConfig) -> NDArray[np.float32]:
    """The first `count` samples of chains that run side by side.

    Args:
        chain: yields the state of all chains after each step, chains x D.
        count: of samples, at least 1.
        config: which states are kept.

    Returns:
        float32, count x D, one state of every chain after another.

    Raises:
        UsageError: a count below 1.
    """
    if count < 1:
        raise UsageError(f"{count} samples", "ask for 1 or more")
    first = max(config.burn_in - 1, 0)
    looks = -(-count // config.chains)
    kept = itertools.islice(chain, first, first + (looks - 1) * config.spacing + 1, config.spacing)
    return torch.cat([state.float() for state in kept])[:count].numpy()


def factorial_start(mean: Tensor, count: int, seed: int) -> Tensor:
    """Where chains start that shall know nothing: every pixel on its own, on with its mean's probability.

    Args:
        mean: of the pixels over the training images, in [0, 1], (D,).
        count: of chains.
        seed: of the draw.

    Returns:
        Zeros and ones, count x D, of the mean's dtype.
    """
    rng = generator_for(seed, 0, Stream.SAMPLES, index=1)  # index 0 is a chain's first noise
    return (torch.rand(count, len(mean), generator=rng) < mean).to(mean.dtype)


def mean_logits(mean: Tensor) -> Tensor:
    """Visible biases that begin at the pixels' means: from 0, those of black borders take thousands of updates."""
    return torch.logit(mean, eps=_SMALLEST_MEAN)
