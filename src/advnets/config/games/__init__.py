"""What a recipe says of a game: one dataclass a kind, with its players in it. Every kind is known once this is."""

from advnets.config.games.adversarial import AdversarialConfig
from advnets.config.games.conditional import ConditionalConfig
from advnets.config.games.game import GameConfig, PenaltiesConfig, PenaltyConfig, penalty_names

__all__ = [
    "AdversarialConfig",
    "ConditionalConfig",
    "GameConfig",
    "PenaltiesConfig",
    "PenaltyConfig",
    "penalty_names",
]
