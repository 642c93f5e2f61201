"""Boltzmann machines that are small enough to enumerate, and what enumeration says of them."""

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


def exact_log_partition(rbm: RBM) -> float:
    """log Z in float64, by summing over every state of the smaller layer; the other one is summed in closed form."""
    wide = rbm.to(torch.float64, torch.float64)
    if len(wide.visible_bias) > len(wide.hidden_bias):  # seen from the hidden side it is the same machine
        wide = RBM(wide.weight.t(), wide.hidden_bias, wide.visible_bias)
    parts = all_states(len(wide.visible_bias)).split(4096)
    return float(torch.logsumexp(torch.cat([-wide.free_energy(part) for part in parts]), 0))


def log_probability(rbm: RBM, v_ND: Tensor, log_partition: float) -> Tensor:
    """log p(v) of rows of zeros and ones, N, in nats: -F(v) - log Z."""
    return -rbm.free_energy(v_ND) - log_partition
