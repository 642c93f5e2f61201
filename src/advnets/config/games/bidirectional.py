"""What a recipe says of games with an encoder."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advnets.config.games.adversarial import AdversarialConfig
from advnets.config.kinds import require, require_between
from advnets.config.networks import MLPGeneratorConfig
from advnets.config.players import GeneratorConfig


@dataclass(frozen=True)
class BidirectionalConfig(AdversarialConfig):
    """p(z | x) beside p(x | z): an encoder plays on the generator's side; D sees images beside codes (section 7)."""

    kind: str = "bidirectional"
    regression: float = 0.0
    """Weight of the mean squared error of E(G(z)) against z."""
    reconstruction: float = 0.0
    """Weight of the mean squared error of G(E(x)) against x (Li et al. 2017)."""
    encoder: GeneratorConfig = GeneratorConfig(MLPGeneratorConfig(output="linear", init=None))

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between(self, 0, math.inf, "regression", "reconstruction")
        told = self.objective != "maximum-likelihood"
        require(told, "objective", self.objective, "use non-saturating: it says nothing of what an encoder minimizes")
