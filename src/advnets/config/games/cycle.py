"""What a recipe says of the game between two kinds of images without partners."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from advnets.config.games.game import GameConfig, PenaltiesConfig
from advnets.config.kinds import require_between
from advnets.config.names import require_objective
from advnets.config.networks import PatchDiscriminatorConfig, UNetConfig
from advnets.config.players import DiscriminatorConfig, GeneratorConfig


@dataclass(frozen=True)
class CycleConfig(GameConfig):
    """Image to image without partners: there and back is to be where one was (Zhu et al. 2017)."""

    sources: ClassVar[str] = "unpaired"

    kind: str = "cycle"
    objective: str = "least-squares"
    """minimax, non-saturating, maximum-likelihood, least-squares, hinge, wasserstein or relativistic."""
    cycle: float = 10.0
    """Weight of the mean absolute difference between an image and what comes back of it (lambda of Zhu et al.)."""
    identity: float = 0.0
    """Weight of the mean absolute change of images that are of the wanted kind already; Zhu et al. take cycle / 2."""
    flip: bool = False
    """Show half of all images mirrored, left to right."""
    crop: int = 0
    """By up to so many pixels images are moved at random; their edges are drawn on."""
    penalties: PenaltiesConfig = PenaltiesConfig()
    generator: GeneratorConfig = GeneratorConfig(UNetConfig())
    """Of sources it makes images as the data's."""
    reverse: GeneratorConfig = GeneratorConfig(UNetConfig())
    """Of the data's images it makes sources."""
    discriminator: DiscriminatorConfig = DiscriminatorConfig(PatchDiscriminatorConfig())
    """Of the data's images."""
    source_discriminator: DiscriminatorConfig = DiscriminatorConfig(PatchDiscriminatorConfig())
    """Of sources."""

    def __post_init__(self) -> None:
        require_between(self, 0, math.inf, "cycle", "identity", "crop")
        require_objective(self.objective)
