"""What a recipe says of games of images of which something is missing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advnets.config.games.adversarial import AdversarialConfig
from advnets.config.kinds import require, require_between, require_whole
from advnets.config.networks import UNetConfig
from advnets.config.players import GeneratorConfig


@dataclass(frozen=True)
class MasksConfig:
    """What is missing of an image in training: weights of the manners, which need not add up to 1."""

    boxes: float = 1.0
    """A box of a quarter to three quarters of each side."""
    halves: float = 1.0
    """The upper, lower, left or right half."""
    pixels: float = 1.0
    """Single pixels, 25 to 95 in 100."""
    strokes: float = 1.0
    """What a brush of 6 to 20 in 100 of the sides paints over in four strokes."""
    channels: float | None = None
    """One or more of the channels, not all. null: 1 where images have several, else 0."""
    whole: float = 1.0
    """The whole image: what then is made is a sample, and samples of a run are made so."""

    def __post_init__(self) -> None:
        require_between(self, 0, math.inf, "boxes", "halves", "pixels", "strokes", "channels", "whole")
        remedy = "use a number above 0: samples of a run, its watch and its measures have nothing observed"
        require(self.whole > 0, "whole", self.whole, remedy)


@dataclass(frozen=True)
class CompletionConfig(AdversarialConfig):
    """p(x_S | the rest): whatever is missing of an image is filled in, what is observed stays (section 7)."""

    kind: str = "completion"
    masks: MasksConfig = MasksConfig()
    reconstruction: float = 0.0
    """Weight of the absolute error of the mean of `averaged` completions less their spread (Bendel et al. 2023)."""
    averaged: int = 2
    """Completions of an image that are averaged in `reconstruction`; of 1 it is the plain error, and z matters less."""
    generator: GeneratorConfig = GeneratorConfig(UNetConfig())

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between(self, 0, math.inf, "reconstruction")
        require_whole(self, "averaged")
