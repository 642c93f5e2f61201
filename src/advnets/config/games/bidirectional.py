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
    shift: float = 0.0
    """Of images that E reads to give them back as they were: moved by up to this share of their sides."""
    turn: float = 0.0
    """Turned by up to so many degrees."""
    elastic: float = 0.0
    """Bent: each of 5 x 5 places is moved by up to this share of the sides, what is between them smoothly."""
    erased: float = 0.0
    """With this share of their pixels black (Vincent et al. 2008)."""
    encoder: GeneratorConfig = GeneratorConfig(MLPGeneratorConfig(output="linear", init=None))

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between(self, 0, math.inf, "regression", "reconstruction")
        require_between(self, 0, 0.5, "shift", "elastic")
        require_between(self, 0, 180, "turn")
        require_between(self, 0, 1, "erased")
        told = self.objective != "maximum-likelihood"
        require(told, "objective", self.objective, "use non-saturating: it says nothing of what an encoder minimizes")
