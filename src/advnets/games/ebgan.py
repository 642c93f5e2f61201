"""EBGAN: D gives energies, low for real rows and up to a margin for made ones (Zhao et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import normalize

from advnets.games.adversarial import AdversarialGame, D
from advnets.games.game import Batch, Costs, DataSpec, Seat, Slopes, at_least_float32, derived_slopes
from advnets.games.objectives import Objective


def energies(margin: float) -> Objective:
    """J(D) = E D(x) + E max(0, m - D(G(z))), J(G) = E D(G(z)). Source: Zhao et al. 2017, Eqs. 1 and 2.

    Args:
        margin: m.
    """

    def of_discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return real.mean() + (margin - fake).relu().mean()

    def slopes(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        return torch.full_like(real, 1 / len(real)), (fake < margin).to(fake.dtype) / -len(fake)

    return Objective(
        name="energies",
        discriminator=of_discriminator,
        generator=lambda real, fake: fake.mean(),
        discriminator_closed_form=slopes,
        generator_closed_form=lambda real, fake: torch.full_like(fake, 1 / len(fake)),
    )


@dataclass(frozen=True)
class PullingAway(AdversarialGame):
    """The game with a term in J(G) that keeps the codes of made rows apart (EBGAN-PT).

    Args:
        code: numbers of the code that D gives behind the energy.
        weight: of the term, .1 in the paper.
    """

    code: int = 64
    weight: float = 0.1

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """G makes examples of z, D gives each an energy and its code."""
        seats = super().seats(data)
        return {**seats, D: replace(seats[D], gives=(1 + self.code,))}

    @staticmethod
    def logit(scores: Tensor) -> Tensor:
        """The energy, (N,), of what D gives, N x (1 + code)."""
        return scores[:, 0]

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        """The objective's, and the repulsion."""
        found = super().costs(discriminator, self.logit(real), self.logit(fake), batch)
        return Costs(found.discriminator, found.generators + self.weight * repulsion(fake[:, 1:]))

    def slopes(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Slopes:
        """By autograd: a code's slope depends on all others."""
        return derived_slopes(self, discriminator, real, fake, batch)

    def figures(self, real: Tensor, fake: Tensor) -> dict[str, float]:
        """What the log says of energies, and the repulsion."""
        found, apart = super().figures(self.logit(real), self.logit(fake)), float(repulsion(fake[:, 1:]))
        return {**found, "cost_g": found["cost_g"] + self.weight * apart, "repulsion": apart}


def repulsion(codes: Tensor) -> Tensor:
    """The mean squared cosine between the codes of two rows, N x code. Source: Zhao et al. 2017, Eq. 3."""
    cosines, count = normalize(at_least_float32(codes), dim=1), len(codes)
    return ((cosines @ cosines.t()).square().sum() - count) / max(1, count * (count - 1))
