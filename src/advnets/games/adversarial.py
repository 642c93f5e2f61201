"""The paper's game: one generator, one discriminator, noise in, images out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from advnets.games import priors
from advnets.games.costs import minimax_discriminator
from advnets.games.game import Batch, Costs, DataSpec, Input, Inputs, Made, Nets, RowNoise, Seat, Slopes, View
from advnets.games.objectives import Objective

G, D = "generator", "discriminator"


@dataclass(frozen=True)
class AdversarialGame:
    """min over G, max over D of V(D, G), with any objective (Goodfellow et al. 2014, Eq. 1).

    Args:
        objective: the two costs.
        prior: name of z's distribution.
        latent: length of z.
    """

    objective: Objective
    prior: str = "uniform"
    latent: int = 100

    @property
    def paired(self) -> bool:
        """Whether G's cost compares a fake's score with a real image's."""
        return self.objective.paired

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """G makes examples of z, D scores them."""
        return {
            G: Seat("generator", {"z": Input((self.latent,))}, data.shape, averaged=True),
            D: Seat("discriminator", {"image": Input(data.shape)}),
        }

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        """z."""
        return {"z": noise("z", self._latents)}

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """G(z)."""
        return Made({"image": nets[G](draws["z"])})

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        """Real images beside G(z)."""
        return [View(D, {"image": batch.image}, {"image": made["image"]})]

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        """The objective's."""
        return Costs(self.objective.discriminator(real, fake), self.objective.generator(real, fake))

    def slopes(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Slopes:
        """The objective's closed forms."""
        of_real, of_fake = self.objective.discriminator_gradient(real, fake)
        return Slopes(of_real, of_fake, self.objective.generator_gradient(real, fake))

    def figures(self, real: Tensor, fake: Tensor) -> dict[str, float]:
        """What the log says of D's scores: see `score_figures`."""
        return score_figures(self.objective, real, fake)

    def wish(self, count: int, rng: torch.Generator) -> Inputs:
        """z of `count` samples."""
        return {"z": self._latents(count, rng)}

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        """G(z)."""
        return nets[G](inputs["z"])

    def _latents(self, count: int, rng: torch.Generator) -> Tensor:
        return priors.draw(self.prior, count, self.latent, rng)


@dataclass(frozen=True)
class OfPlainCosts:
    """A base for games of other images than the paper's, whose scores cost what they cost there.

    Args:
        plain: the objective, and z's prior and length.
    """

    plain: AdversarialGame

    @property
    def paired(self) -> bool:
        """Whether the generators' cost compares a fake's score with a real image's."""
        return self.plain.paired

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        """The objective's."""
        return self.plain.costs(discriminator, real, fake, batch)

    def slopes(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Slopes:
        """The objective's closed forms."""
        return self.plain.slopes(discriminator, real, fake, batch)

    def figures(self, real: Tensor, fake: Tensor) -> dict[str, float]:
        """What the log says of scores."""
        return self.plain.figures(real, fake)


def score_figures(objective: Objective, real: Tensor, fake: Tensor) -> dict[str, float]:
    """Both costs, and the mean of D(x) and D(G(z)); of the scores themselves where D is a critic.

    Where D minimizes cross entropy, -V(D, G) / 2, also `jsd_bound`: (V + log 4) / 2, the lower bound on
    JSD(p_data || p_g) that Theorem 1 gives for any D. It is one on the average of fresh batches; D was trained on
    these, so that it may lie too high (`advnets.theory.jsd_bound` bounds it on held-out samples).
    """
    real, fake = real.float(), fake.float()
    squashed = (torch.sigmoid(real), torch.sigmoid(fake)) if objective.probabilistic else (real, fake)
    values = [objective.discriminator(real, fake), objective.generator(real, fake), *(each.mean() for each in squashed)]
    numbers: list[float] = torch.stack(values).tolist()  # fetched from the device in one go
    found: dict[str, float] = dict(zip(("cost_d", "cost_g", "d_real", "d_fake"), numbers, strict=True))
    if objective.discriminator is minimax_discriminator:
        found["jsd_bound"] = math.log(2) - found["cost_d"]
    return found
