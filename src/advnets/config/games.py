"""What a recipe says of a game: one dataclass a kind, with its players in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from advnets.config.kinds import Tagged, require_between, require_whole
from advnets.config.names import require_objective, require_prior
from advnets.config.players import (
    ConditionalDiscriminatorConfig,
    ConditionalGeneratorConfig,
    DiscriminatorConfig,
    GeneratorConfig,
)


@dataclass(frozen=True)
class PenaltyConfig:
    """A penalty on the discriminator; see docs/reference/objectives.md."""

    weight: float = 0.0
    """Its factor in D's cost; 0 leaves it out."""
    every: int = 16
    """Updates of D between computations; the weight is multiplied by it, so that the average force stays."""

    def __post_init__(self) -> None:
        require_whole(self, "every")
        require_between(self, 0, math.inf, "weight")


@dataclass(frozen=True)
class PenaltiesConfig:
    """Penalties on the discriminator."""

    r1: PenaltyConfig = PenaltyConfig()
    """1/2 E |grad D(x)|^2 on real images (Mescheder et al. 2018)."""
    r2: PenaltyConfig = PenaltyConfig()
    """1/2 E |grad D(x)|^2 on generated images."""
    wgan_gp: PenaltyConfig = PenaltyConfig(every=1)
    """E (|grad D(x)| - 1)^2 between real and generated images (Gulrajani et al. 2017)."""


def penalty_names() -> list[str]:
    """The penalties that a recipe can weigh, in the order in which they are computed."""
    return [field.name for field in fields(PenaltiesConfig)]


class GameConfig(Tagged):
    """A game: who plays, for which costs. Its players are the fields that have a network."""


@dataclass(frozen=True)
class AdversarialConfig(GameConfig):
    """The paper's game: noise to images, against one discriminator."""

    kind: str = "adversarial"
    latent: int = 100
    """Length of z."""
    prior: str = "uniform"
    """Distribution of z: uniform (unit variance), gaussian, sphere."""
    objective: str = "non-saturating"
    """minimax, non-saturating, maximum-likelihood, least-squares, hinge, wasserstein or relativistic."""
    penalties: PenaltiesConfig = PenaltiesConfig()
    augment: tuple[str, ...] = ()
    """What D is shown instead of each image, real or made: color, translation, cutout (Zhao et al. 2020)."""
    generator: GeneratorConfig = GeneratorConfig()
    discriminator: DiscriminatorConfig = DiscriminatorConfig()

    def __post_init__(self) -> None:
        require_whole(self, "latent")
        require_prior(self.prior)
        require_objective(self.objective)


@dataclass(frozen=True)
class ConditionalConfig(AdversarialConfig):
    """p(x | c): images of a class of the data, or of a vector; c goes into both networks (section 7)."""

    kind: str = "conditional"
    mismatched: float = 0.0
    """Weight of real images beside conditions of other rows, which D is shown as fakes, too (Reed et al. 2016)."""
    generator: ConditionalGeneratorConfig = ConditionalGeneratorConfig()
    discriminator: ConditionalDiscriminatorConfig = ConditionalDiscriminatorConfig()

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between(self, 0, math.inf, "mismatched")
