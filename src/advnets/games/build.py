"""Games by name: what a recipe says of a game, and the game it describes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from advnets.config.games import (
    AdversarialAutoencoderConfig,
    AdversarialConfig,
    BEGANConfig,
    BidirectionalConfig,
    CoGANConfig,
    CompletionConfig,
    ConditionalConfig,
    CycleConfig,
    EBGANConfig,
    GameConfig,
    InfoGANConfig,
    SemiSupervisedConfig,
    SuperResolutionConfig,
    TranslationConfig,
)
from advnets.errors import ELSEWHERE, RecipeError
from advnets.games.aae import AdversarialAutoencoder
from advnets.games.adversarial import AdversarialGame
from advnets.games.began import BEGAN
from advnets.games.bidirectional import BidirectionalGame
from advnets.games.cogan import CoGAN
from advnets.games.completion import CompletionGame
from advnets.games.conditional import ConditionalGame
from advnets.games.cycle import CycleGame
from advnets.games.ebgan import PullingAway, energies
from advnets.games.game import Game, Labels
from advnets.games.infogan import InfoGAN
from advnets.games.moves import Moves
from advnets.games.objectives import objective
from advnets.games.penalties import Scheduled, penalty
from advnets.games.semi_supervised import SemiSupervisedGame
from advnets.games.super_resolution import SuperResolutionGame
from advnets.games.translation import TranslationGame
from advnets.games.warps import Warp


def _adversarial(config: AdversarialConfig | TranslationConfig) -> AdversarialGame:
    return AdversarialGame(objective(config.objective), config.prior, config.latent)


def _infogan(c: InfoGANConfig) -> InfoGAN:
    weights = c.information, c.continuous_information
    return InfoGAN(objective(c.objective), c.prior, c.latent, c.categories, c.continuous, weights)


def _ebgan(c: EBGANConfig) -> AdversarialGame:
    rules = energies(c.margin), c.prior, c.latent
    if not c.pulling_away:
        return AdversarialGame(*rules)
    return PullingAway(*rules, code=c.code, weight=c.pulling_away)


def _began(c: BEGANConfig) -> BEGAN:
    return BEGAN(energies(margin=0.0), c.prior, c.latent, c.diversity, c.gain, c.first_k)


def _adversarial_autoencoder(config: AdversarialAutoencoderConfig) -> AdversarialAutoencoder:
    return AdversarialAutoencoder(objective(config.objective), config.prior, config.latent, config.reconstruction)


def _cogan(config: CoGANConfig) -> CoGAN:
    return CoGAN(objective(config.objective), config.prior, config.latent, config.domain)


def _bidirectional(c: BidirectionalConfig) -> BidirectionalGame:
    warp = Warp(c.shift, c.turn, elastic=c.elastic)
    return BidirectionalGame(_adversarial(c), c.regression, c.reconstruction, warp, c.erased)


def _translation(config: TranslationConfig) -> TranslationGame:
    return TranslationGame(_adversarial(config), config.pixels, Moves(config.flip, config.crop))


def _super_resolution(config: SuperResolutionConfig) -> SuperResolutionGame:
    moves = Moves(config.flip, config.crop)
    return SuperResolutionGame(_adversarial(config), config.pixels, moves, factor=config.factor)


def _cycle(config: CycleConfig) -> CycleGame:
    plain = AdversarialGame(objective(config.objective))
    return CycleGame(plain, config.cycle, config.identity, Moves(config.flip, config.crop))


def _completion(config: CompletionConfig) -> CompletionGame:
    return CompletionGame(_adversarial(config), vars(config.masks), config.reconstruction, config.averaged)


def _semi_supervised(c: SemiSupervisedConfig) -> SemiSupervisedGame:
    plain = AdversarialGame(objective("non-saturating"), c.prior, c.latent)
    warp = Warp(c.shift, c.turn, c.stretch, c.slant, c.elastic, c.noise)
    labels = Labels(c.labelled, c.labels, c.label_seed)
    return SemiSupervisedGame(plain, labels, warp, c.adversarial, c.consistency, c.temperature, c.alignment)


def _conditional(config: ConditionalConfig) -> ConditionalGame:
    shown = config.discriminator.condition != "none"
    return ConditionalGame(_adversarial(config), config.mismatched, config.auxiliary, shown, config.scaled)


GAMES: dict[str, Callable[[Any], Game]] = {
    "adversarial": _adversarial,
    "completion": _completion,
    "infogan": _infogan,
    "ebgan": _ebgan,
    "began": _began,
    "adversarial-autoencoder": _adversarial_autoencoder,
    "cogan": _cogan,
    "translation": _translation,
    "cycle": _cycle,
    "super-resolution": _super_resolution,
    "semi-supervised": _semi_supervised,
    "conditional": _conditional,
    "bidirectional": _bidirectional,
}
"""Kind of a `GameConfig` -> what makes the game of it. A game of your own enters here."""


def build_game(config: GameConfig) -> Game:
    """The game that `config` describes.

    Raises:
        RecipeError: there is none of its kind, or no such objective.
    """
    if config.kind not in GAMES:
        raise RecipeError(f"no game {config.kind!r}", f"choose one of {', '.join(GAMES)}, {ELSEWHERE}")
    return GAMES[config.kind](config)


def build_penalties(config: GameConfig) -> list[Scheduled]:
    """The penalties that `config` weighs, in the order in which they are computed; none where it names none."""
    penalties = getattr(config, "penalties", None)
    weighed = vars(penalties) if penalties is not None else {}
    return [Scheduled(penalty(name), each.weight, each.every) for name, each in weighed.items() if each.weight]
