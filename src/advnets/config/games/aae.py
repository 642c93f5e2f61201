"""What a recipe says of adversarial autoencoders."""

from __future__ import annotations

from dataclasses import dataclass

from advnets.config.games.game import GameConfig, PenaltiesConfig
from advnets.config.kinds import require_positive, require_whole
from advnets.config.names import require_objective, require_prior
from advnets.config.networks import MLPDiscriminatorConfig, MLPGeneratorConfig
from advnets.config.players import DiscriminatorConfig, GeneratorConfig


@dataclass(frozen=True)
class AdversarialAutoencoderConfig(GameConfig):
    """An autoencoder whose codes no discriminator can tell from the prior (Makhzani et al. 2016)."""

    kind: str = "adversarial-autoencoder"
    latent: int = 8
    """Length of a code."""
    prior: str = "gaussian"
    """Distribution that codes are to have: uniform (unit variance), gaussian, sphere, rademacher (-1 or 1)."""
    objective: str = "non-saturating"
    """The objective of the game of codes, by any name that the game adversarial knows."""
    penalties: PenaltiesConfig = PenaltiesConfig()
    reconstruction: float = 1.0
    """Weight of the squared distance between an image and its reconstruction, beside the cost of its code."""
    generator: GeneratorConfig = GeneratorConfig()
    encoder: GeneratorConfig = GeneratorConfig(MLPGeneratorConfig(output="linear", init=None))
    discriminator: DiscriminatorConfig = DiscriminatorConfig(MLPDiscriminatorConfig())

    def __post_init__(self) -> None:
        require_whole(self, "latent")
        require_prior(self.prior)
        require_objective(self.objective)
        require_positive(self, "reconstruction")
