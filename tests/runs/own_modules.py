"""Small modules of one's own, whose weights at the start are always the same."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Maker(nn.Module):
    """Points of the plane from z of length 4."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 2))

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class Critic(nn.Module):
    """Logits of points."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layers = nn.Sequential(nn.Linear(2, 12), nn.LeakyReLU(0.2), nn.Linear(12, 1), nn.Flatten(0))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
