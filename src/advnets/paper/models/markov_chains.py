"""Samples from Markov chains of images: one of each chain, after as many steps."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.errors import UsageError
from advnets.randomness import Stream, generator_for

STEPS = 300
"""Of a sample's chain, from a random start. None of the rivals is at equilibrium by then: Table 2 has how they mix."""
_SMALLEST_MEAN = 1e-3


def end_of(chain: Iterator[Tensor], count: int, steps: int) -> NDArray[np.float32]:
    """Samples that owe each other nothing: each the end of a chain of its own.

    Args:
        chain: yields the state of all chains after each step, count x D.
        count: of chains, at least 1.
        steps: of each, at least 1.

    Returns:
        float32, count x D.

    Raises:
        UsageError: a count or steps below 1.
    """
    if count < 1 or steps < 1:
        raise UsageError(f"{count} samples after {steps} steps", "ask for 1 or more of both")
    return next(itertools.islice(chain, steps - 1, None)).float().numpy()


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
