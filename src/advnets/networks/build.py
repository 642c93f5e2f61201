"""Networks by name: what a recipe says of a network, and the module it describes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from torch import nn

from advnets.config.networks import (
    ConvDiscriminatorConfig,
    ConvGeneratorConfig,
    DiscriminatorNetwork,
    GeneratorNetwork,
    MaxoutConfig,
    MLPDiscriminatorConfig,
    MLPGeneratorConfig,
    PaperConvDiscriminatorConfig,
    PaperConvGeneratorConfig,
)
from advnets.config.players import ConditionalDiscriminatorConfig, ConditionalGeneratorConfig
from advnets.errors import RecipeError
from advnets.networks.conditioning import (
    ConcatenationDiscriminator,
    ConditionalGenerator,
    Input,
    ProjectionDiscriminator,
    joined_shape,
)
from advnets.networks.convolutional import (
    ConvDiscriminator,
    ConvGenerator,
    PaperConvDiscriminator,
    PaperConvGenerator,
)
from advnets.networks.mlp import MaxoutDiscriminator, MLPDiscriminator, MLPGenerator

Shape = Sequence[int]
T = TypeVar("T")


def _mlp_generator(c: MLPGeneratorConfig, latent: int, shape: Shape) -> nn.Module:
    activations = c.activations[0] if len(c.activations) == 1 else c.activations
    return MLPGenerator(
        latent, shape, c.hidden, activations, c.output, c.init, hidden_bias=c.hidden_bias, output_init=c.output_init,
        output_sparse=c.output_sparse, max_norm=c.max_norm, output_range=c.output_range,
    )  # fmt: skip


def _paper_conv_generator(c: PaperConvGeneratorConfig, latent: int, shape: Shape) -> nn.Module:
    side = _side(shape)
    hidden = None if c.maps is None else c.maps * math.ceil((side - 2) / 3) ** 2
    return PaperConvGenerator(latent, shape[0], side, hidden, c.init, c.output_range, c.output_init)


def _conv_generator(c: ConvGeneratorConfig, latent: int, shape: Shape) -> nn.Module:
    return ConvGenerator(latent, *_image(shape), base=c.base, output=c.output)


def _maxout(c: MaxoutConfig, shape: Shape) -> nn.Module:
    return MaxoutDiscriminator(shape, c.units, c.pieces, c.init, c.keep_input, c.keep_hidden, c.max_norm)


def _mlp_discriminator(c: MLPDiscriminatorConfig, shape: Shape) -> nn.Module:
    return MLPDiscriminator(shape, c.units)


def _paper_conv_discriminator(c: PaperConvDiscriminatorConfig, shape: Shape) -> nn.Module:
    return PaperConvDiscriminator(
        shape[0], _side(shape), c.widths, c.dense, c.pieces, c.init, c.keep_input, c.keep_hidden
    )


def _conv_discriminator(c: ConvDiscriminatorConfig, shape: Shape) -> nn.Module:
    return ConvDiscriminator(*_image(shape), base=c.base)


GENERATORS: dict[str, Callable[[Any, int, Shape], nn.Module]] = {
    "mlp": _mlp_generator, "paper-conv": _paper_conv_generator, "conv": _conv_generator,
}  # fmt: skip
"""Kind of a `GeneratorNetwork` -> what builds (N, latent) -> N x shape of it, the latent's length and the shape."""
DISCRIMINATORS: dict[str, Callable[[Any, Shape], nn.Module]] = {
    "maxout": _maxout, "mlp": _mlp_discriminator, "paper-conv": _paper_conv_discriminator, "conv": _conv_discriminator,
}  # fmt: skip
"""Kind of a `DiscriminatorNetwork` -> what builds N x shape -> (N,) of it and the shape."""


def build_generator(config: GeneratorNetwork, latent: int, shape: Shape) -> nn.Module:
    """The generator that `config` describes: (N, latent) -> N x shape.

    Args:
        config: its description.
        latent: length of z.
        shape: C x H x W of the images, or (D,) for points.

    Raises:
        RecipeError: no such kind, or one that cannot make this shape.
    """
    return _known(GENERATORS, config.kind, "generator")(config, latent, shape)


def build_discriminator(config: DiscriminatorNetwork, shape: Shape) -> nn.Module:
    """The discriminator that `config` describes: N x shape -> logits (N,).

    Raises:
        RecipeError: no such kind, or one that cannot see this shape.
    """
    return _known(DISCRIMINATORS, config.kind, "discriminator")(config, shape)


def build_player(config: Any, takes: Mapping[str, Input], gives: Shape) -> nn.Module:
    """The network of a player.

    Args:
        config: what the recipe says of the player: its network and, in a conditional game, how conditions enter it.
        takes: its inputs: z or an image first, then perhaps a condition.
        gives: shape of a row of what it makes; () for a logit.

    Raises:
        RecipeError: no such kind of network, one that cannot take or make this, or a condition that `config` has no
            place for.
    """
    shown, condition = next(iter(takes.values())), takes.get("condition")
    if gives:
        latent = math.prod(shown.shape)
        if condition is None:
            return build_generator(config.network, latent, gives)
        config = _conditional(config, ConditionalGeneratorConfig)
        network = build_generator(config.network, latent + config.embedding, gives)
        return ConditionalGenerator(network, condition, config.embedding)
    if condition is None:
        return build_discriminator(config.network, shown.shape)
    config = _conditional(config, ConditionalDiscriminatorConfig)
    if config.condition == "concatenation":
        network = build_discriminator(config.network, joined_shape(shown.shape, condition))
        return ConcatenationDiscriminator(network, condition, shown.shape)
    return ProjectionDiscriminator(_featured(build_discriminator(config.network, shown.shape), config), condition)


def _conditional(config: Any, kind: type[T]) -> T:
    if not isinstance(config, kind):
        what = f"a player that takes a condition has a plain {type(config).__name__}"
        raise RecipeError(what, f"write {kind.__name__}() for it in the game's configuration")
    return config


def _featured(network: nn.Module, config: ConditionalDiscriminatorConfig) -> Any:
    if not hasattr(network, "features"):
        raise RecipeError(
            f"the {config.network.kind} discriminator has no last hidden layer to project on", "use concatenation"
        )
    return network


def _known(registry: Mapping[str, Any], kind: str, role: str) -> Any:
    if kind not in registry:
        raise RecipeError(f"unknown {role} kind {kind!r}", f"choose one of {', '.join(registry)}")
    return registry[kind]


def _image(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        remedy = "use the mlp kinds, as the recipe vectors does"
        raise RecipeError("convolutional networks need images, not points", remedy)
    channels, height, width = shape
    return channels, height, width


def _side(shape: Shape) -> int:
    _, height, width = _image(shape)
    if height != width:
        raise RecipeError(
            f"the paper's convolutional pair sees square images, not {height} x {width}",
            "give one --size, or use the conv kinds",
        )
    return height
