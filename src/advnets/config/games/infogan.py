"""What a recipe says of InfoGAN."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advnets.config.games.adversarial import AdversarialConfig
from advnets.config.kinds import require, require_between
from advnets.config.networks import MLPGeneratorConfig
from advnets.config.players import GeneratorConfig


@dataclass(frozen=True)
class InfoGANConfig(AdversarialConfig):
    """Codes beside z that a recognizer finds again in what G makes of them (Chen et al. 2016)."""

    kind: str = "infogan"
    categories: int = 10
    """Values of the categorical code."""
    continuous: int = 2
    """Continuous codes, each uniform on [-1, 1)."""
    information: float = 1.0
    """Weight of the bound on the categorical code's mutual information with the images (the paper's lambda)."""
    continuous_information: float = 0.1
    """The same of the continuous codes."""
    recognizer: GeneratorConfig = GeneratorConfig(MLPGeneratorConfig(hidden=(256,), output="linear", init=None))

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.categories >= 2, "categories", self.categories, "use 2 or more")
        require_between(self, 0, math.inf, "continuous")
        for name in ("information", "continuous_information"):
            require(0 < getattr(self, name) < math.inf, name, getattr(self, name), "use a weight above 0")
