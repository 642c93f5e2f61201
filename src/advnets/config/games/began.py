"""What a recipe says of BEGAN."""

from __future__ import annotations

from dataclasses import dataclass

from advnets.config.games.ebgan import require_energy
from advnets.config.games.game import GameConfig
from advnets.config.kinds import require, require_between, require_whole
from advnets.config.names import require_prior
from advnets.config.networks import AutoencoderConfig
from advnets.config.players import DiscriminatorConfig, GeneratorConfig


@dataclass(frozen=True)
class BEGANConfig(GameConfig):
    """Energies of real and made rows held at a ratio by a weight k that adapts (Berthelot et al. 2017)."""

    kind: str = "began"
    latent: int = 64
    """Length of z."""
    prior: str = "uniform"
    """Distribution of z: uniform (unit variance), gaussian, sphere, rademacher (-1 or 1)."""
    diversity: float = 0.5
    """The ratio of made rows' energy to real ones' that k is to bring about (the paper's gamma)."""
    gain: float = 0.001
    """How fast k follows (the paper's lambda)."""
    first_k: float = 0.0
    """k before the first step."""
    generator: GeneratorConfig = GeneratorConfig()
    discriminator: DiscriminatorConfig = DiscriminatorConfig(AutoencoderConfig())

    def __post_init__(self) -> None:
        require_whole(self, "latent")
        require_prior(self.prior)
        require_between(self, 0, 1, "diversity", "first_k")
        require(0 < self.gain <= 1, "gain", self.gain, "use more than 0, up to 1")
        require_energy(self.discriminator)
