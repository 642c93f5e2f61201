"""A network D trained against a fixed generator: how near it comes to D* with its capacity and its samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from advnets.errors import TheoryError
from advnets.games.costs import minimax_discriminator
from advnets.networks.mlp import MLPDiscriminator
from advnets.theory.divergences import Values

_BATCH = 512


def fit_discriminator(
    real: npt.ArrayLike, fake: npt.ArrayLike, hidden: Sequence[int], steps: int, seed: int = 0, rate: float = 1e-2
) -> nn.Module:
    """Train a rectifier network on V(D, G), the generator standing still: the inner loop of Algorithm 1, run long.

    Args:
        real, fake: samples of p_data and p_g, N x D and M x D.
        hidden: units of each hidden layer.
        steps: updates by Adam on minibatches of 512 (all samples, where there are fewer); the rate falls to 0 along
            half a cosine.
        seed: of weights and minibatches.
        rate: the first learning rate.

    Returns:
        D: N x D -> logits (N,), float32.

    Raises:
        TheoryError: no samples, of different dimensions, or fewer than 1 step.
    """
    x, y = _samples(real), _samples(fake)
    if x.shape[1] != y.shape[1] or steps < 1:
        raise TheoryError(
            f"samples of {x.shape[1]} and {y.shape[1]} values, {steps} steps", "give both alike, and 1 step or more"
        )
    draws = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        D = MLPDiscriminator((x.shape[1],), hidden)
    optimizer = torch.optim.Adam(D.parameters(), rate, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        cost = minimax_discriminator(D(_minibatch(x, draws)), D(_minibatch(y, draws)))
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        schedule.step()
    return D.eval()


@torch.no_grad()
def logits_at(D: nn.Module, points: npt.ArrayLike) -> Values:
    """D's logits at points, N x D or N numbers: float64, N."""
    return D(_samples(points)).double().numpy()


def _samples(points: npt.ArrayLike) -> Tensor:
    array = np.asarray(points, np.float32)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or not len(array):
        raise TheoryError(f"samples of shape {array.shape}", "give N x D, at least one")
    return torch.from_numpy(array)


def _minibatch(rows: Tensor, draws: torch.Generator) -> Tensor:
    return rows if len(rows) <= _BATCH else rows[torch.randint(len(rows), (_BATCH,), generator=draws)]
