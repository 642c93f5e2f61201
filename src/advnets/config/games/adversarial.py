"""What a recipe says of the paper's game."""

from __future__ import annotations

from dataclasses import dataclass

from advnets.config.games.game import GameConfig, PenaltiesConfig
from advnets.config.kinds import require_whole
from advnets.config.names import require_objective, require_prior
from advnets.config.players import DiscriminatorConfig, GeneratorConfig


@dataclass(frozen=True)
class AdversarialConfig(GameConfig):
    """The paper's game: noise to images, against one discriminator."""

    kind: str = "adversarial"
    latent: int = 100
    """Length of z."""
    prior: str = "uniform"
    """Distribution of z: uniform (unit variance), gaussian, sphere."""
    objective: str = "non-saturating"
    """minimax, non-saturating, maximum-likelihood, least-squares, hinge, wasserstein, relativistic or
    boundary-seeking."""
    penalties: PenaltiesConfig = PenaltiesConfig()
    augment: tuple[str, ...] = ()
    """What D is shown instead of each image, real or made: color, translation, cutout (Zhao et al. 2020)."""
    generator: GeneratorConfig = GeneratorConfig()
    discriminator: DiscriminatorConfig = DiscriminatorConfig()

    def __post_init__(self) -> None:
        require_whole(self, "latent")
        require_prior(self.prior)
        require_objective(self.objective)
