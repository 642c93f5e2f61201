"""BEGAN: energies of real and made rows, held at a ratio by a weight that adapts (Berthelot et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from advnets.games.adversarial import AdversarialGame
from advnets.games.game import Batch, Costs, DataSpec, Inputs, Slopes


@dataclass(frozen=True)
class BEGAN(AdversarialGame):
    """J(D) = E L(x) - k E L(G(z)), J(G) = E L(G(z)). Source: Berthelot et al. 2017, section 3.4.

    k is what the game remembers of its scores: after each step k + lambda (gamma L(x) - L(G(z))), within [0, 1].

    Args:
        objective: energies without a margin: the game's at k = 0.
        diversity: gamma, the ratio of E L(G(z)) to E L(x) that k brings about.
        gain: lambda.
        first_k: k before the first step.
    """

    diversity: float = 0.5
    gain: float = 0.001
    first_k: float = 0.0

    def memory(self, data: DataSpec) -> Inputs:
        """k."""
        return {"k": torch.tensor(self.first_k)}

    def remember(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Inputs:
        """k after a step of these energies."""
        return {"k": (batch.memory["k"] + self.gain * self._excess(real, fake)).clamp(0, 1)}

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        """Energies, those of made rows weighed by k for D."""
        plain = super().costs(discriminator, real, fake, batch)
        return Costs(plain.discriminator - batch.memory["k"] * fake.mean(), plain.generators)

    def slopes(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Slopes:
        """In closed form."""
        plain = super().slopes(discriminator, real, fake, batch)
        return Slopes(plain.real, -batch.memory["k"] * plain.made, plain.made)

    def figures(self, real: Tensor, fake: Tensor) -> dict[str, float]:
        """The measure of convergence, E L(x) + |gamma E L(x) - E L(G(z))| (section 3.4.1)."""
        return {"convergence": float(real.float().mean() + self._excess(real.float(), fake.float()).abs())}

    def _excess(self, real: Tensor, fake: Tensor) -> Tensor:
        """By how much made rows' energy is lower than it should be."""
        return self.diversity * real.mean() - fake.mean()
