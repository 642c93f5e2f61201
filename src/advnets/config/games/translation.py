"""What a recipe says of games that make an image of an image: with a partner for each, or of its own details."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from advnets.config.games.game import GameConfig, PenaltiesConfig
from advnets.config.kinds import require, require_between
from advnets.config.names import require_objective, require_prior
from advnets.config.networks import PatchDiscriminatorConfig, UNetConfig, UpscalerConfig
from advnets.config.players import DiscriminatorConfig, GeneratorConfig


@dataclass(frozen=True)
class TranslationConfig(GameConfig):
    """Image to image: G makes the partner of a source image, D sees the two together (Isola et al. 2017)."""

    sources: ClassVar[str] = "paired"

    kind: str = "translation"
    latent: int = 0
    """Length of z beside the source; 0 for none, and one image of each source."""
    prior: str = "gaussian"
    """Distribution of z: uniform (unit variance), gaussian, sphere, rademacher (-1 or 1)."""
    objective: str = "non-saturating"
    """minimax, non-saturating, maximum-likelihood, least-squares, hinge, wasserstein or relativistic."""
    pixels: float = 100.0
    """Weight of the mean absolute difference between what G makes and the target (lambda of Isola et al.)."""
    flip: bool = False
    """Show half of all pairs mirrored, left to right, both images alike."""
    crop: int = 0
    """By up to so many pixels both images of a pair are moved, alike, at random; their edges are drawn on."""
    penalties: PenaltiesConfig = PenaltiesConfig()
    generator: GeneratorConfig = GeneratorConfig(UNetConfig())
    discriminator: DiscriminatorConfig = DiscriminatorConfig(PatchDiscriminatorConfig())

    def __post_init__(self) -> None:
        require_between(self, 0, math.inf, "latent", "pixels", "crop")
        require_prior(self.prior)
        require_objective(self.objective)


@dataclass(frozen=True)
class SuperResolutionConfig(TranslationConfig):
    """Details for small images: G enlarges what the data's images are when they are shrunk (Ledig et al. 2017)."""

    sources: ClassVar[str] = ""

    kind: str = "super-resolution"
    factor: int = 2
    """By how many times height and width grow; a small pixel is the mean of so many by so many."""
    generator: GeneratorConfig = GeneratorConfig(UpscalerConfig())

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.factor >= 2, "factor", self.factor, "use 2 or more")
