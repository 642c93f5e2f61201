"""Networks by name: what a recipe says of a network, and the module it describes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from torch import nn

from advnets.config.networks import (
    AutoencoderConfig,
    ConvAutoencoderConfig,
    ConvClassifierConfig,
    ConvDiscriminatorConfig,
    ConvEncoderConfig,
    ConvGeneratorConfig,
    DiscriminatorNetwork,
    GeneratorNetwork,
    MaxoutConfig,
    MLPDiscriminatorConfig,
    MLPGeneratorConfig,
    PaperConvDiscriminatorConfig,
    PaperConvGeneratorConfig,
    PatchDiscriminatorConfig,
    UNetConfig,
    UpscalerConfig,
)
from advnets.config.players import ConditionalDiscriminatorConfig, ConditionalGeneratorConfig
from advnets.errors import RecipeError
from advnets.networks.autoencoder import conv_autoencoder, dense_autoencoder
from advnets.networks.conditioning import (
    AuxiliaryDiscriminator,
    ConcatenationDiscriminator,
    ConditionalGenerator,
    Input,
    ProjectionDiscriminator,
    joined_shape,
)
from advnets.networks.conv_classifier import ConvClassifier
from advnets.networks.convolutional import ConvDiscriminator, ConvGenerator
from advnets.networks.image_to_image import ConvEncoder, PatchDiscriminator, UNet, Upscaler
from advnets.networks.joining import JoinedCode, JoinedInputs, SeveralScores, joined_inputs
from advnets.networks.mlp import MaxoutDiscriminator, MLPDiscriminator, MLPGenerator
from advnets.networks.paper_convolutional import PaperConvDiscriminator, PaperConvGenerator

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
    return ConvGenerator(
        latent, *_image(shape), base=c.base, output=c.output, blocks=c.blocks, dense=c.dense, modulation=c.modulation
    )


def _maxout(c: MaxoutConfig, shape: Shape) -> nn.Module:
    return MaxoutDiscriminator(shape, c.units, c.pieces, c.init, c.keep_input, c.keep_hidden, c.max_norm)


def _mlp_discriminator(c: MLPDiscriminatorConfig, shape: Shape) -> nn.Module:
    return MLPDiscriminator(shape, c.units, frequencies=c.frequencies)


def _paper_conv_discriminator(c: PaperConvDiscriminatorConfig, shape: Shape) -> nn.Module:
    return PaperConvDiscriminator(
        shape[0], _side(shape), c.widths, c.dense, c.pieces, c.init, c.keep_input, c.keep_hidden
    )


def _conv_discriminator(c: ConvDiscriminatorConfig, shape: Shape) -> nn.Module:
    return ConvDiscriminator(*_image(shape), base=c.base, blocks=c.blocks, dense=c.dense)


def _autoencoder(c: AutoencoderConfig, shape: Shape, scores: int = 1) -> nn.Module:
    _check_scores(c, scores)
    return dense_autoencoder(shape, c.units, c.error, scores)


def _conv_autoencoder(c: ConvAutoencoderConfig, shape: Shape, scores: int = 1) -> nn.Module:
    _check_scores(c, scores)
    return conv_autoencoder(_image(shape), c.code, c.base, c.error, scores)


def _check_scores(c: AutoencoderConfig | ConvAutoencoderConfig, scores: int) -> None:
    if scores not in (1, 1 + c.code):
        remedy = f"give 1 number a row, the error, or {1 + c.code}, with the code behind it; or use another kind"
        raise RecipeError(f"{scores} numbers a row of an {c.kind} with a code of {c.code}", remedy)


def _patch_discriminator(c: PatchDiscriminatorConfig, shape: Shape) -> nn.Module:
    return PatchDiscriminator(*_image(shape), base=c.base, halvings=c.halvings)


def _conv_classifier(c: ConvClassifierConfig, shape: Shape) -> nn.Module:
    return ConvClassifier(*_image(shape), base=c.base, dense=c.dense, keep=c.keep)


GENERATORS: dict[str, Callable[[Any, int, Shape], nn.Module]] = {
    "mlp": _mlp_generator, "paper-conv": _paper_conv_generator, "conv": _conv_generator,
}  # fmt: skip
"""Kind of a `GeneratorNetwork` -> what builds (N, latent) -> N x shape of it, the latent's length and the shape."""
DISCRIMINATORS: dict[str, Callable[[Any, Shape], nn.Module]] = {
    "maxout": _maxout, "mlp": _mlp_discriminator, "paper-conv": _paper_conv_discriminator, "conv": _conv_discriminator,
    "autoencoder": _autoencoder, "conv-autoencoder": _conv_autoencoder,
    "patch": _patch_discriminator,
    "conv-classifier": _conv_classifier,
}  # fmt: skip
"""Kind of a `DiscriminatorNetwork` -> what builds N x shape -> (N,) of it and the shape."""
CODED: dict[str, Callable[[Any, Shape, int], nn.Module]] = {
    "autoencoder": _autoencoder, "conv-autoencoder": _conv_autoencoder,
}  # fmt: skip
"""Those that have several numbers a row of their own to give: what builds N x shape -> N x K of it, the shape and K."""


_CONVOLUTIONAL = "conv", "paper-conv"
"""Kinds of a `DiscriminatorNetwork` that see images as images."""


def _conv_encoder(c: ConvEncoderConfig, shape: Shape, noise: int, gives: Shape) -> nn.Module:
    if noise or len(gives) != 1:
        raise RecipeError("a conv-encoder makes vectors of images alone", "use mlp or unet")
    return ConvEncoder(*_image(shape), code=gives[0], base=c.base)


def _unet(c: UNetConfig, shape: Shape, noise: int, gives: Shape) -> nn.Module:
    if tuple(gives[1:]) != tuple(shape[1:]):
        raise RecipeError(f"a unet makes images of the size of its input, not {tuple(gives)}", "use mlp or upscaler")
    return UNet(*_image(shape), gives[0], noise, c.base, c.output, c.blocks)


def _upscaler(c: UpscalerConfig, shape: Shape, noise: int, gives: Shape) -> nn.Module:
    channels, height, width = _image(shape)
    factor = gives[1] // height if len(gives) == 3 else 0
    if tuple(gives) != (channels, factor * height, factor * width):
        what = f"an upscaler makes no {tuple(gives)} of {tuple(shape)}"
        raise RecipeError(what, "use unet for images of the same size, mlp for any")
    return Upscaler(channels, factor, noise, c.base, c.blocks)


def _conv_of_images(c: ConvGeneratorConfig, shape: Shape, noise: int, gives: Shape) -> nn.Module:
    return _unet(UNetConfig(base=max(1, c.base // 2), output=c.output, blocks=c.blocks), shape, noise, gives)


IMAGE_READERS: dict[str, Callable[[Any, Shape, int, Shape], nn.Module]] = {
    "conv": _conv_of_images, "conv-encoder": _conv_encoder, "unet": _unet, "upscaler": _upscaler,
}  # fmt: skip
"""Kind of a `GeneratorNetwork` that takes images as images -> what builds (N x C x H x W, perhaps N x noise) -> N x
shape of it, the images' shape, the noise's length and the shape."""


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


def build_player(config: Any, takes: Mapping[str, Input], gives: Shape, features: bool = False) -> nn.Module:
    """The network of a player.

    Args:
        config: what the recipe says of the player: its network and, in a conditional game, how conditions enter it.
        takes: its inputs, laid together where they are several (see `joined_inputs`): images before vectors, and a
            condition, where there is one, last.
        gives: shape of a row of what it makes; of a discriminator () for a logit, (K,) for K numbers a row.
        features: of a discriminator with K numbers a row, whether its last hidden layer follows them.

    Raises:
        RecipeError: no such kind of network, one that cannot take or make this, or a condition that `config` has no
            place for.
    """
    condition, shapes = takes.get("condition"), [each.shape for name, each in takes.items() if name != "condition"]
    if isinstance(config.network, GeneratorNetwork):
        return _maker(config, shapes, condition, gives)
    return _judge(config, shapes, condition, gives, features)


def _maker(config: Any, shapes: Sequence[tuple[int, ...]], condition: Input | None, gives: Shape) -> nn.Module:
    kind = config.network.kind
    if kind in IMAGE_READERS and (kind not in GENERATORS or any(len(shape) == 3 for shape in shapes)):
        if condition is not None:
            raise RecipeError(f"a {config.network.kind} takes no condition", "use mlp, which takes images flat")
        return _image_reader(config, shapes, gives)
    latent = sum(math.prod(shape) for shape in shapes)
    if condition is None:
        made = build_generator(config.network, latent, gives)
    else:
        config = _conditional(config, ConditionalGeneratorConfig)
        network = build_generator(config.network, latent + config.embedding, gives)
        made = ConditionalGenerator(network, condition, config.embedding)
    return made if len(shapes) == 1 and len(shapes[0]) == 1 else JoinedInputs(made, shapes, flat=True)


def _image_reader(config: Any, shapes: Sequence[tuple[int, ...]], gives: Shape) -> nn.Module:
    """A network of images, first in the order of inputs, and of a vector behind them."""
    images = [shape for shape in shapes if len(shape) == 3]
    if not images or list(shapes[: len(images)]) != images or len(shapes) > len(images) + 1:
        raise RecipeError(f"a {config.network.kind} takes images, then at most one vector", "use mlp")
    noise = math.prod(shapes[-1]) if len(shapes) > len(images) else 0
    network = IMAGE_READERS[config.network.kind](config.network, joined_inputs(images), noise, gives)
    return network if len(images) == 1 else JoinedInputs(network, images)


def _judge(
    config: Any, shapes: Sequence[tuple[int, ...]], condition: Input | None, gives: Shape, features: bool
) -> nn.Module:
    if len(shapes) > 1 and config.network.kind in _CONVOLUTIONAL and len(joined_inputs(shapes)) == 1:
        return _judge_of_codes(config, shapes, condition, gives)
    shown = joined_inputs(shapes)
    if gives and condition is None and config.network.kind in CODED:
        judge = CODED[config.network.kind](config.network, shown, gives[0])
        return judge if len(shapes) == 1 else JoinedInputs(judge, shapes)
    judge = build_discriminator(config.network, shown) if condition is None else _beside(config, shown, condition)
    if gives and isinstance(judge, ProjectionDiscriminator):
        judge = AuxiliaryDiscriminator(judge, gives[0] - 1)
    elif gives:
        judge = SeveralScores(_featured(judge, config, "to make scores of", "use another kind"), gives[0], features)
    return judge if len(shapes) == 1 else JoinedInputs(judge, shapes)


def _judge_of_codes(config: Any, shapes: Sequence[tuple[int, ...]], condition: Input | None, gives: Shape) -> nn.Module:
    """A convolutional discriminator of images, first in the order of inputs, and of one vector behind them."""
    *images, vector = shapes
    kind = config.network.kind
    if len(vector) != 1 or any(len(shape) != 3 for shape in images) or len(joined_inputs(images)) != 3:
        raise RecipeError(f"a {kind} discriminator takes images of one size, then a vector", "use mlp or maxout")
    if condition is not None or gives:
        raise RecipeError(f"a {kind} discriminator of a vector takes no condition, and gives a logit", "use mlp")
    network = build_discriminator(config.network, joined_inputs(images))
    judge = JoinedCode(network, vector[0])  # type: ignore[arg-type]  # convolutional kinds have features
    return judge if len(images) == 1 else JoinedInputs(judge, images)


def _beside(config: Any, shape: tuple[int, ...], condition: Input) -> nn.Module:
    """A discriminator that is shown a condition beside what it scores."""
    config = _conditional(config, ConditionalDiscriminatorConfig)
    if config.condition == "concatenation":
        network = build_discriminator(config.network, joined_shape(shape, condition))
        return ConcatenationDiscriminator(network, condition, shape)
    network = build_discriminator(config.network, shape)
    return ProjectionDiscriminator(_featured(network, config, "to project on", "use concatenation"), condition)


def _conditional(config: Any, kind: type[T]) -> T:
    if not isinstance(config, kind):
        what = f"a player that takes a condition has a plain {type(config).__name__}"
        raise RecipeError(what, f"write {kind.__name__}() for it in the game's configuration")
    return config


def _featured(network: nn.Module, config: Any, purpose: str, remedy: str) -> Any:
    if not hasattr(network, "features"):
        raise RecipeError(f"the {config.network.kind} discriminator has no last hidden layer {purpose}", remedy)
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
