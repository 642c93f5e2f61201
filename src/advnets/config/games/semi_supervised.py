"""What a recipe says of games in which some images have labels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advnets.config.games.game import GameConfig
from advnets.config.kinds import require, require_between, require_whole
from advnets.config.names import require_prior
from advnets.config.players import ClassifierConfig, GeneratorConfig


@dataclass(frozen=True)
class SemiSupervisedConfig(GameConfig):
    """K classes and a fake one: D learns to classify from few labels and many images without (Salimans et al. 2016)."""

    kind: str = "semi-supervised"
    latent: int = 100
    """Length of z."""
    prior: str = "uniform"
    """Distribution of z: uniform (unit variance), gaussian, sphere, rademacher (-1 or 1)."""
    labels: int | None = None
    """Labels used, in all, of every class as many; null: all that the data have. The others count as unknown."""
    label_seed: int = 0
    """Which ones: another draw of as many."""
    labelled: int = 32
    """Images with labels in each batch, beside its others, whose labels are not looked at; at most `batch`."""
    adversarial: float = 1.0
    """Weight of telling real images from made ones, in D's cost."""
    consistency: float = 1.0
    """Weight of an image's guessed classes as the label of its distorted copy (Sohn et al. 2020)."""
    temperature: float = 0.5
    """Of these guesses: their probabilities to the power of 1 / temperature, made to add up to 1; 1: as they are."""
    alignment: float = 0.98
    """Classes are brought to be as frequent as among labels by running means, of which a step leaves this; 0: not."""
    shift: float = 0.15
    """Distorted images are moved by up to this share of their sides; so are those with labels."""
    turn: float = 15.0
    """Turned by up to so many degrees."""
    stretch: float = 0.15
    """Stretched along either side by up to this share."""
    slant: float = 0.15
    """Slanted by up to this share."""
    elastic: float = 0.04
    """Bent: each of 5 x 5 places is moved by up to this share of the sides, what is between them smoothly."""
    noise: float = 0.0
    """Standard deviation of noise added to them, in the generator's values; of points, the only distortion."""
    generator: GeneratorConfig = GeneratorConfig()
    discriminator: ClassifierConfig = ClassifierConfig()

    def __post_init__(self) -> None:
        require_whole(self, "latent", "labelled")
        require(self.labels is None or self.labels > 0, "labels", self.labels, "use 1 or more, or null for all")
        require(0 <= self.label_seed < 2**63, "label_seed", self.label_seed, "use 0 to 2^63 - 1")
        require_prior(self.prior)
        require_between(self, 0, math.inf, "adversarial", "consistency", "noise")
        require(0 < self.temperature <= 1, "temperature", self.temperature, "use more than 0, and at most 1")
        require(0 <= self.alignment < 1, "alignment", self.alignment, "use 0 to less than 1")
        require_between(self, 0, 0.5, "shift", "stretch", "slant", "elastic")
        require_between(self, 0, 180, "turn")
