"""What a recipe says of a player: its network, its optimizer and, where it is sampled, its average."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from advnets.config.kinds import Tagged, require, require_between, require_positive, require_whole
from advnets.config.networks import DiscriminatorNetwork, GeneratorNetwork, MaxoutConfig, MLPGeneratorConfig

Schedule = Literal["constant", "cosine", "linear", "exponential"]


class OptimizerConfig(Tagged):
    """How a player moves along its gradient."""

    rate: float
    schedule: Schedule
    decay: float
    decay_from: float
    floor: float
    warmup: int


def require_schedule(config: OptimizerConfig) -> None:
    """See that the rate is one, and that nothing is said of another schedule than the config's."""
    require_positive(config, "rate", "decay")
    require_between(config, 0, 1, "decay_from")
    require_between(config, 0, math.inf, "floor", "warmup")
    falls = config.schedule in ("cosine", "linear")
    exponential = config.schedule == "exponential"
    require(config.decay == 1 or exponential, "decay", config.decay, "use schedule exponential, or decay 1")
    require(not config.decay_from or falls, "decay_from", config.decay_from, "use schedule cosine or linear, or 0")
    constant = config.schedule == "constant"
    require(not config.floor or not constant, "floor", config.floor, "use a schedule that falls, or 0")
    require(config.floor <= config.rate, "floor", config.floor, f"use at most the rate, {config.rate:g}")


@dataclass(frozen=True)
class AdamConfig(OptimizerConfig):
    """Adam (Kingma and Ba 2015)."""

    kind: str = "adam"
    rate: float = 1e-3
    """Learning rate before its schedule."""
    betas: tuple[float, float] = (0.5, 0.999)
    """Decay of the first and the second moment."""
    epsilon: float = 1e-8
    """Guard against division by zero."""
    schedule: Schedule = "constant"
    """Shape of the learning rate after the warm-up: cosine and linear fall to `floor` at the last step."""
    decay: float = 1.0
    """Exponential schedule: the rate is divided by this at every update (1.000004 in the paper)."""
    decay_from: float = 0.0
    """Cosine and linear schedules: the share of the training at the full rate before the fall begins."""
    floor: float = 0.0
    """The rate never falls below this."""
    warmup: int = 0
    """Updates of the player over which the rate rises linearly from zero."""

    def __post_init__(self) -> None:
        require(all(0 <= b < 1 for b in self.betas), "betas", self.betas, "use 0 up to, not including, 1")
        require_between(self, 0, math.inf, "epsilon")
        require_schedule(self)


@dataclass(frozen=True)
class SGDConfig(OptimizerConfig):
    """Gradient descent with momentum, as in the paper."""

    kind: str = "sgd"
    rate: float = 1e-3
    """Learning rate before its schedule."""
    momentum: float = 0.5
    """At the first step."""
    final_momentum: float = 0.5
    """From `momentum_steps` on; linear in between."""
    momentum_steps: int = 0
    """Updates of the player over which the momentum moves from its first to its final value."""
    schedule: Schedule = "constant"
    """Shape of the learning rate after the warm-up: cosine and linear fall to `floor` at the last step."""
    decay: float = 1.0
    """Exponential schedule: the rate is divided by this at every update (1.000004 in the paper)."""
    decay_from: float = 0.0
    """Cosine and linear schedules: the share of the training at the full rate before the fall begins."""
    floor: float = 0.0
    """The rate never falls below this."""
    warmup: int = 0
    """Updates of the player over which the rate rises linearly from zero."""

    def __post_init__(self) -> None:
        require_between(self, 0, 1, "momentum", "final_momentum")
        require_between(self, 0, math.inf, "momentum_steps")
        require_schedule(self)


@dataclass(frozen=True)
class AverageConfig:
    """How a player's weights are averaged over the training."""

    decay: float = 0.9995
    """What a step leaves of the average, at the most: 1 / (1 - decay) steps is its longest memory."""
    share: float = 0.1
    """Until then the memory grows with the training: it is this share of the steps so far."""
    every: int = 8
    """Steps between updates of the average; `decay` still counts steps. Until the first of them, every step."""

    def __post_init__(self) -> None:
        require_whole(self, "every")
        require(0 <= self.decay < 1, "decay", self.decay, "use 0 up to, not including, 1")
        require(0 < self.share <= 1, "share", self.share, "use a share above 0, up to 1")


@dataclass(frozen=True)
class GeneratorConfig:
    """A player on the generators' side."""

    network: GeneratorNetwork = MLPGeneratorConfig()
    optimizer: OptimizerConfig = AdamConfig()
    average: AverageConfig = AverageConfig()


@dataclass(frozen=True)
class DiscriminatorConfig:
    """A player on the discriminators' side."""

    network: DiscriminatorNetwork = MaxoutConfig()
    optimizer: OptimizerConfig = AdamConfig()
    frozen: int = 0
    """How many of its first layers stay as they begin, for a training that goes on from another (Mo et al. 2020)."""

    def __post_init__(self) -> None:
        require_between(self, 0, math.inf, "frozen")


@dataclass(frozen=True)
class ClassifierConfig(DiscriminatorConfig):
    """A discriminator that names classes, with the average of its weights."""

    average: AverageConfig = AverageConfig()


@dataclass(frozen=True)
class ConditionalGeneratorConfig(GeneratorConfig):
    """A generator of images of a given condition."""

    embedding: int = 32
    """Length of the vector that a class, or a vector of conditions, becomes beside z."""

    def __post_init__(self) -> None:
        require_whole(self, "embedding")


@dataclass(frozen=True)
class ConditionalDiscriminatorConfig(DiscriminatorConfig):
    """A discriminator of images beside their conditions."""

    condition: Literal["projection", "concatenation", "none"] = "projection"
    """projection: its inner product with the last hidden layer joins the logit (Miyato and Koyama 2018).
    concatenation: it enters as one more channel of the image (Mirza and Osindero 2014).
    none: it is not shown; an auxiliary classifier tells it (Odena et al. 2017)."""
