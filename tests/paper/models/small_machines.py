"""Boltzmann machines that are small enough to enumerate."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from advnets.paper.models.rbm import RBM


def machine(visible: int, hidden: int, scale: float = 1.0, seed: int = 0) -> RBM:
    rng = torch.Generator().manual_seed(seed)
    shapes = [(visible, hidden), (visible,), (hidden,)]
    return RBM(*(torch.randn(shape, generator=rng, dtype=torch.float64) * scale for shape in shapes))


def all_states(units: int) -> Tensor:
    return torch.tensor(list(itertools.product([0.0, 1.0], repeat=units)), dtype=torch.float64)
