"""What every game's configuration shares: the family of kinds, and penalties on its discriminators."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import ClassVar

from advnets.config.kinds import Tagged, require_between, require_whole


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
    """A game: who plays, for which costs. Its players are the fields that have a network.

    `sources` says what images beside the data it is played on: "paired" for one to each of the data's, "unpaired" for
    any; empty for none.
    """

    sources: ClassVar[str] = ""
