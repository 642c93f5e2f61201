"""What a recipe says of the paper's game."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advnets.config.games.game import GameConfig, PenaltiesConfig
from advnets.config.kinds import require, require_between, require_whole
from advnets.config.names import require_objective, require_prior
from advnets.config.players import DiscriminatorConfig, GeneratorConfig


@dataclass(frozen=True)
class AdversarialConfig(GameConfig):
    """The paper's game: noise to images, against one discriminator."""

    kind: str = "adversarial"
    latent: int = 100
    """Length of z."""
    prior: str = "uniform"
    """Distribution of z: uniform (unit variance), gaussian, sphere, rademacher (-1 or 1)."""
    objective: str = "non-saturating"
    """minimax, non-saturating, maximum-likelihood, least-squares, hinge, wasserstein, relativistic or
    boundary-seeking."""
    penalties: PenaltiesConfig = PenaltiesConfig()
    augment: tuple[str, ...] = ()
    """What D is shown instead of each image, real or made: color, translation, geometry, cutout (Zhao et al. 2020)."""
    augment_probability: float | None = None
    """How likely each of these is, or may become at the most. null: 1, and .8 where it adapts, above which G may learn
    what was done to images."""
    augment_target: float = 0.0
    """Adaptive augmentation: each becomes likelier while D overfits more than this, and rarer while it does not. D's
    overfitting is how far it takes held-out images for fakes: 0 as little as those it is trained on, 1 as much as fakes
    (Karras et al. 2020). 0: their probability stays."""
    instance_noise: float = 0.0
    """Standard deviation of Gaussian noise that is added to all that D sees at the start: of images white less black is
    1, of points a unit of what D sees (a table's columns are standardized). Modes that are far apart touch, and none is
    dropped (Sonderby et al. 2017)."""
    instance_noise_until: float = 0.5
    """Share of the training in which this noise falls to 0, linearly."""
    generator: GeneratorConfig = GeneratorConfig()
    discriminator: DiscriminatorConfig = DiscriminatorConfig()

    def __post_init__(self) -> None:
        require_whole(self, "latent")
        require_prior(self.prior)
        require_objective(self.objective)
        require_between(self, 0, 1, "augment_probability", "augment_target")
        require_between(self, 0, math.inf, "instance_noise")
        require(0 < self.instance_noise_until <= 1, "instance_noise_until", self.instance_noise_until, "use 0 to 1")
        require(self.augment_target < 1, "augment_target", self.augment_target, "use less than 1")
