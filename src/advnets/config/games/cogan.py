"""What a recipe says of coupled generators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from advnets.config.games.adversarial import AdversarialConfig
from advnets.config.players import DiscriminatorConfig


@dataclass(frozen=True)
class CoGANConfig(AdversarialConfig):
    """Two generators of one z that share all layers but the last: pairs, learned without pairs (Liu and Tuzel 2016)."""

    kind: str = "cogan"
    domain: Literal["edges", "negative"] = "edges"
    """What the second generator makes, and what the data are turned into for its discriminator."""
    second: DiscriminatorConfig = DiscriminatorConfig()
