"""Networks by name: what a recipe says of a network, and the module it describes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from torch import nn

from advnets.errors import RecipeError
from advnets.networks.convolutional import (
    ConvDiscriminator,
    ConvGenerator,
    PaperConvDiscriminator,
    PaperConvGenerator,
)
from advnets.networks.mlp import MaxoutDiscriminator, MLPDiscriminator, MLPGenerator


@dataclass(frozen=True)
class GeneratorConfig:
    """The generator. A field that its kind does not use is ignored."""

    kind: str = "mlp"
    """mlp, paper-conv or conv."""
    hidden: tuple[int, ...] = (1200, 1200)
    """mlp: units of each hidden layer."""
    activations: tuple[str, ...] = ("relu",)
    """mlp: activation of each hidden layer, or one for all: relu, sigmoid, tanh, linear."""
    output: str = "sigmoid"
    """mlp, conv: activation of the output; sigmoid makes values in [0, 1], tanh in [-1, 1]."""
    output_range: tuple[float, float] | None = None
    """Linear outputs (mlp, paper-conv): which values stand for black and white; null for 0, 1 and for -2, 2."""
    init: float | None = 0.05
    """mlp, paper-conv: weights start uniform on [-init, init]; null (mlp) for He initialization."""
    output_init: float | None = None
    """mlp, paper-conv: the same for the output's weights, where they start on another range."""
    output_sparse: int | None = None
    """mlp: nonzero weights of each output value at the start, from N(0, 1); null for all, as `output_init` says."""
    hidden_bias: float = 0.0
    """mlp: start value of the biases of sigmoid hidden layers."""
    max_norm: float | None = None
    """mlp: limit on the norm of each unit's incoming weights."""
    pretrained: str | None = None
    """mlp: a run whose generator's weights the top layers start with; the layers below them feed it."""
    maps: int | None = None
    """paper-conv: maps that are deconvolved (80 in the paper); null for those of the nearest to 8,000 units."""
    base: int = 64
    """conv: feature maps at half the images' size."""


@dataclass(frozen=True)
class DiscriminatorConfig:
    """The discriminator. A field that its kind does not use is ignored."""

    kind: str = "maxout"
    """maxout, mlp, paper-conv or conv."""
    units: tuple[int, ...] = (240, 240)
    """maxout, mlp: units of each hidden layer."""
    pieces: int = 5
    """maxout: linear pieces of each unit."""
    init: float = 0.005
    """maxout, paper-conv: weights start uniform on [-init, init]."""
    keep_input: float = 0.8
    """maxout, paper-conv: dropout's probability of keeping an input, scaled by its inverse."""
    keep_hidden: float = 0.5
    """maxout, paper-conv: dropout's probability of keeping a hidden unit, scaled by its inverse."""
    max_norm: float | None = None
    """maxout: limit on the norm of each unit's incoming weights."""
    widths: tuple[int, int, int] = (32, 32, 192)
    """paper-conv: channels of the three convolutions."""
    dense: int = 500
    """paper-conv: units of the maxout layer above them."""
    base: int = 64
    """conv: feature maps at half the images' size."""


T = TypeVar("T")
Shape = Sequence[int]

GENERATORS: dict[str, Callable[[GeneratorConfig, int, Shape], nn.Module]] = {
    "mlp": lambda c, latent, shape: MLPGenerator(
        latent,
        shape,
        c.hidden,
        c.activations[0] if len(c.activations) == 1 else c.activations,
        c.output,
        c.init,
        c.hidden_bias,
        c.output_init,
        c.output_sparse,
        c.max_norm,
        c.output_range,
    ),
    "paper-conv": lambda c, latent, shape: PaperConvGenerator(
        latent,
        shape[0],
        _side(shape),
        None if c.maps is None else c.maps * math.ceil((_side(shape) - 2) / 3) ** 2,
        0.05 if c.init is None else c.init,
        c.output_range or (-2.0, 2.0),
        c.output_init,
    ),
    "conv": lambda c, latent, shape: ConvGenerator(latent, *_image(shape), base=c.base, output=c.output),
}

DISCRIMINATORS: dict[str, Callable[[DiscriminatorConfig, Shape], nn.Module]] = {
    "maxout": lambda c, shape: MaxoutDiscriminator(
        shape, c.units, c.pieces, c.init, c.keep_input, c.keep_hidden, c.max_norm
    ),
    "mlp": lambda c, shape: MLPDiscriminator(shape, c.units),
    "paper-conv": lambda c, shape: PaperConvDiscriminator(
        shape[0], _side(shape), c.widths, c.dense, c.pieces, c.init, c.keep_input, c.keep_hidden
    ),
    "conv": lambda c, shape: ConvDiscriminator(*_image(shape), base=c.base),
}


def build_generator(config: GeneratorConfig, latent: int, shape: Shape) -> nn.Module:
    """The generator that `config` describes: (N, latent) -> N x shape.

    Args:
        config: its description.
        latent: length of z.
        shape: C x H x W of the images, or (D,) for points.

    Raises:
        RecipeError: no such kind, or one that cannot make this shape.
    """
    return _known(GENERATORS, config.kind, "generator")(config, latent, shape)


def build_discriminator(config: DiscriminatorConfig, shape: Shape) -> nn.Module:
    """The discriminator that `config` describes: N x shape -> logits (N,).

    Raises:
        RecipeError: no such kind, or one that cannot see this shape.
    """
    return _known(DISCRIMINATORS, config.kind, "discriminator")(config, shape)


def _known(registry: dict[str, T], kind: str, role: str) -> T:
    if kind not in registry:
        raise RecipeError(f"unknown {role} kind {kind!r}", f"choose one of {', '.join(registry)}")
    return registry[kind]


def _image(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise RecipeError("convolutional networks need images, not points", "use the mlp kinds")
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
