"""What a recipe says of how the players are kept in step, beside their rates: the paper's fifth wish (section 7)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from advnets.config.kinds import require, require_between, require_positive, require_whole


@dataclass(frozen=True)
class CoordinationConfig:
    """How G and D are coordinated, and what z is made of them; everything is off by default."""

    most_discriminator_steps: int = 0
    """Adaptive k (alternating): the most updates of D for each of G. Where D's accuracy on held-out real rows and fresh
    fakes is below `wanted_accuracy`, k rises by one, else it falls by one, down to 1. 0: k is `discriminator_steps`."""
    wanted_accuracy: float = 0.75
    """Adaptive k: share of rows on their own side of the midpoint between D's mean scores; chance has 0.5."""
    decide_every: int = 50
    """Adaptive k: steps between decisions."""
    top_share: float = 1.0
    """Top-k updates: G's cost is that of this share of the fakes, those that D scores best (Sinha et al. 2020)."""
    top_annealed: float = 0.5
    """Top-k updates: share of the training in which the share of the fakes falls from 1 to `top_share`, linearly."""
    latent_step: float = 0.0
    """Latent optimization: size of z's step along the gradient of D's score of G(z), before either player sees it (Wu
    et al. 2019; 0.9 there)."""
    latent_rule: Literal["natural", "gradient"] = "natural"
    """Latent optimization: natural divides the gradient by its squared norm and `latent_damping`."""
    latent_damping: float = 5.0
    """Latent optimization, natural: added to the squared norm."""
    second_order: bool = False
    """Latent optimization: G's gradient goes through the step of z, too; else the step is a constant."""
    replayed: float = 0.0
    """Share of the fakes that D is shown out of a buffer of older ones (Shrivastava et al. 2017); G learns from the
    others."""
    replay_size: int = 2_000
    """Fakes in the buffer; new ones take the place of those that were shown. It is part of each checkpoint."""
    final_batch: int = 0
    """Growing batches: their size at the end of the training, above `batch`. 0: they stay as they are."""
    batch_stages: int = 4
    """Growing batches: sizes from `batch` to `final_batch`, each a constant factor above the last, for equal parts of
    the training."""

    def __post_init__(self) -> None:
        most = self.most_discriminator_steps
        require(most == 0 or most >= 2, "most_discriminator_steps", most, "use 2 or more, or 0 for a k that stays")
        require(0.5 < self.wanted_accuracy < 1, "wanted_accuracy", self.wanted_accuracy, "use more than 0.5, below 1")
        require(0 < self.top_share <= 1, "top_share", self.top_share, "use a share above 0, up to 1")
        require(0 <= self.replayed < 1, "replayed", self.replayed, "use 0 up to, not including, 1")
        require(self.final_batch >= 0, "final_batch", self.final_batch, "use more than batch, or 0")
        require(self.batch_stages >= 2, "batch_stages", self.batch_stages, "use 2 or more")
        require_between(self, 0, 1, "top_annealed")
        require_between(self, 0, math.inf, "latent_step")
        require_positive(self, "latent_damping")
        require_whole(self, "decide_every", "replay_size")
