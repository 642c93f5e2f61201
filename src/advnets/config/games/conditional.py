"""What a recipe says of games of images with conditions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advnets.config.games.adversarial import AdversarialConfig
from advnets.config.kinds import require, require_between
from advnets.config.players import ConditionalDiscriminatorConfig, ConditionalGeneratorConfig


@dataclass(frozen=True)
class ConditionalConfig(AdversarialConfig):
    """p(x | c): images of a class of the data, or of a vector; c goes into both networks (section 7)."""

    kind: str = "conditional"
    mismatched: float = 0.0
    """Weight of real images beside conditions of other rows, which D is shown as fakes, too (Reed et al. 2016)."""
    auxiliary: float = 0.0
    """Weight of telling classes, or vectors, from images: D tells those of real images and fakes, G's fakes are to be
    told right (AC-GAN, Odena et al. 2017)."""
    scaled: bool = False
    """Vectors enter the networks in standard deviations from their mean; else as they are."""
    generator: ConditionalGeneratorConfig = ConditionalGeneratorConfig()
    discriminator: ConditionalDiscriminatorConfig = ConditionalDiscriminatorConfig()

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between(self, 0, math.inf, "mismatched", "auxiliary")
        given = self.discriminator.condition
        if given == "none":
            remedy = "use --game.mismatched 0, or show D the conditions: --discriminator.condition projection"
            require(not self.mismatched, "mismatched", self.mismatched, remedy)
            require(self.auxiliary > 0, "auxiliary", self.auxiliary, "use --game.auxiliary 1 where D is shown none")
        if given == "concatenation":
            remedy = "use --discriminator.condition projection or none: D would read off what it is to tell"
            require(not self.auxiliary, "auxiliary", self.auxiliary, remedy)
