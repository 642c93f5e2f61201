"""What a recipe says of a game: one dataclass a kind, with its players in it. Every kind is known once this is."""

from advnets.config.games.aae import AdversarialAutoencoderConfig
from advnets.config.games.adversarial import AdversarialConfig
from advnets.config.games.began import BEGANConfig
from advnets.config.games.bidirectional import BidirectionalConfig
from advnets.config.games.cogan import CoGANConfig
from advnets.config.games.completion import CompletionConfig, MasksConfig
from advnets.config.games.conditional import ConditionalConfig
from advnets.config.games.cycle import CycleConfig
from advnets.config.games.ebgan import EBGANConfig
from advnets.config.games.game import GameConfig, PenaltiesConfig, PenaltyConfig, penalty_names
from advnets.config.games.infogan import InfoGANConfig
from advnets.config.games.semi_supervised import SemiSupervisedConfig
from advnets.config.games.translation import SuperResolutionConfig, TranslationConfig

__all__ = [
    "AdversarialAutoencoderConfig",
    "AdversarialConfig",
    "BEGANConfig",
    "BidirectionalConfig",
    "CoGANConfig",
    "CompletionConfig",
    "ConditionalConfig",
    "CycleConfig",
    "EBGANConfig",
    "GameConfig",
    "InfoGANConfig",
    "MasksConfig",
    "PenaltiesConfig",
    "PenaltyConfig",
    "SemiSupervisedConfig",
    "SuperResolutionConfig",
    "TranslationConfig",
    "penalty_names",
]
