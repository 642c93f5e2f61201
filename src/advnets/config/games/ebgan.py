"""What a recipe says of the game of energies, EBGAN."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advnets.config.games.game import GameConfig
from advnets.config.kinds import require, require_between, require_positive, require_whole
from advnets.config.names import require_prior
from advnets.config.networks import AutoencoderConfig
from advnets.config.players import DiscriminatorConfig, GeneratorConfig

ENERGIES = "autoencoder", "conv-autoencoder", "own"
"""Networks whose scores are 0 or more, and low for real rows; whoever brings a module of their own knows."""


def require_energy(discriminator: DiscriminatorConfig) -> None:
    """See that a discriminator's scores are energies."""
    kind = discriminator.network.kind
    require(kind in ENERGIES, "discriminator.network.kind", kind, "use autoencoder or conv-autoencoder")


@dataclass(frozen=True)
class EBGANConfig(GameConfig):
    """Energies instead of logits: low for real rows, above a margin for made ones (Zhao et al. 2017)."""

    kind: str = "ebgan"
    latent: int = 100
    """Length of z."""
    prior: str = "uniform"
    """Distribution of z: uniform (unit variance), gaussian, sphere, rademacher (-1 or 1)."""
    margin: float = 1.0
    """The energy above which D leaves made rows alone."""
    pulling_away: float = 0.0
    """Weight of the term that keeps the codes of made rows apart (.1 in the paper); 0 leaves it out."""
    generator: GeneratorConfig = GeneratorConfig()
    discriminator: DiscriminatorConfig = DiscriminatorConfig(AutoencoderConfig(error="squared"))

    def __post_init__(self) -> None:
        require_whole(self, "latent")
        require_prior(self.prior)
        require_positive(self, "margin")
        require_between(self, 0, math.inf, "pulling_away")
        require_energy(self.discriminator)
        named = bool(self.code) or not self.pulling_away
        require(named, "pulling_away", self.pulling_away, "use 0: a module of your own says no code")

    @property
    def code(self) -> int:
        """Length of the code that its network makes; 0 where it says none."""
        return getattr(self.discriminator.network, "code", 0)
