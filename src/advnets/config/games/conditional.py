"""What a recipe says of games of images with conditions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advnets.config.games.adversarial import AdversarialConfig
from advnets.config.kinds import require_between
from advnets.config.players import ConditionalDiscriminatorConfig, ConditionalGeneratorConfig


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
