"""What a recipe says of a network: one dataclass a kind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from advnets.config.kinds import Tagged, require, require_between, require_positive, require_whole

Activation = Literal["relu", "sigmoid", "tanh", "linear"]
ImageOutput = Literal["tanh", "sigmoid", "linear", "leaky-hardtanh"]
Range = tuple[float, float]


class GeneratorNetwork(Tagged):
    """Networks that make: latents, and perhaps conditions, to images or points."""


class DiscriminatorNetwork(Tagged):
    """Networks that score: images or points, and perhaps conditions, to logits."""


@dataclass(frozen=True)
class MLPGeneratorConfig(GeneratorNetwork):
    """The paper's generator: dense layers."""

    kind: str = "mlp"
    hidden: tuple[int, ...] = (1200, 1200)
    """Units of each hidden layer."""
    activations: tuple[Activation, ...] = ("relu",)
    """Activation of each hidden layer, or one for all: relu, sigmoid, tanh, linear."""
    output: Activation = "sigmoid"
    """Activation of the output; sigmoid makes values in [0, 1], tanh in [-1, 1]."""
    output_range: Range | None = None
    """Linear outputs: which values stand for black and white; null for 0 and 1."""
    init: float | None = 0.05
    """Weights start uniform on [-init, init]; null for He initialization."""
    output_init: float | None = None
    """The same for the output's weights, where they start on another range."""
    output_sparse: int | None = None
    """Nonzero weights of each output value at the start, from N(0, 1); null for all, as `output_init` says."""
    hidden_bias: float = 0.0
    """Start value of the biases of sigmoid hidden layers."""
    max_norm: float | None = None
    """Limit on the norm of each unit's incoming weights."""
    pretrained: str | None = None
    """A run whose generator's weights the top layers start with; the layers below them feed it."""

    def __post_init__(self) -> None:
        require_whole(self, "hidden", "output_sparse")
        require_between(self, 0, math.inf, "init", "output_init")
        require_positive(self, "max_norm")
        layers = len(self.hidden)
        require(len(self.activations) in (1, layers), "activations", self.activations, f"name one, or {layers}")
        require(math.isfinite(self.hidden_bias), "hidden_bias", self.hidden_bias, "use a number")
        biased = not self.hidden_bias or "sigmoid" in self.activations
        require(biased, "hidden_bias", self.hidden_bias, "use 0: no hidden layer is a sigmoid one")
        either = self.output_sparse is None or self.output_init is None
        require(either, "output_init", self.output_init, "use null beside output_sparse, which says how they start")
        if self.output_range is not None:
            linear = self.output == "linear"
            require(
                linear, "output_range", self.output_range, "use null: other outputs have their own; or output linear"
            )
            require_range(self.output_range)


@dataclass(frozen=True)
class PaperConvGeneratorConfig(GeneratorNetwork):
    """The paper's "deconvolutional" generator of CIFAR-10."""

    kind: str = "paper-conv"
    maps: int | None = None
    """Maps that are deconvolved (80 in the paper); null for those of the nearest to 8,000 units."""
    output_range: Range = (-2.0, 2.0)
    """Which values of the linear output stand for black and white."""
    init: float = 0.05
    """Weights start uniform on [-init, init]."""
    output_init: float | None = None
    """The same for the output's weights, where they start on another range."""

    def __post_init__(self) -> None:
        require_whole(self, "maps")
        require_between(self, 0, math.inf, "init", "output_init")
        require_range(self.output_range)


@dataclass(frozen=True)
class ConvGeneratorConfig(GeneratorNetwork):
    """A plain convolutional generator for images of any size; given images beside z, a unet of half the base."""

    kind: str = "conv"
    base: int = 64
    """Feature maps at half the images' size."""
    output: ImageOutput = "tanh"
    """Activation of the output: tanh makes values in [-1, 1], sigmoid in [0, 1]; the others may leave [-1, 1]."""
    blocks: int = 0
    """Residual convolutions at each of the two smallest sizes."""
    dense: int = 0
    """Units of a hidden layer between z and the smallest maps, which a unet has not; 0 for none."""
    modulation: bool = False
    """Whether z scales and shifts maps of all sizes, which a unet's does not."""

    def __post_init__(self) -> None:
        require_whole(self, "base")
        require_between(self, 0, math.inf, "blocks", "dense")


@dataclass(frozen=True)
class ConvEncoderConfig(GeneratorNetwork):
    """A plain convolutional network of images to vectors: an encoder."""

    kind: str = "conv-encoder"
    base: int = 64
    """Feature maps at half the images' size."""

    def __post_init__(self) -> None:
        require_whole(self, "base")


@dataclass(frozen=True)
class UNetConfig(GeneratorNetwork):
    """A convolutional network of images to images of the same size."""

    kind: str = "unet"
    base: int = 32
    """Feature maps at the images' own size."""
    output: ImageOutput = "tanh"
    """Activation of the output: tanh makes values in [-1, 1], sigmoid in [0, 1]; the others may leave [-1, 1]."""
    blocks: int = 0
    """Residual convolutions at each of the two smallest sizes."""

    def __post_init__(self) -> None:
        require_whole(self, "base")
        require_between(self, 0, math.inf, "blocks")


@dataclass(frozen=True)
class UpscalerConfig(GeneratorNetwork):
    """A convolutional network of small images to larger ones: bicubic enlargement, and what it lacks."""

    kind: str = "upscaler"
    base: int = 32
    """Feature maps, at the small images' size."""
    blocks: int = 4
    """Residual blocks, of two convolutions each."""

    def __post_init__(self) -> None:
        require_whole(self, "base", "blocks")


@dataclass(frozen=True)
class OwnGeneratorConfig(GeneratorNetwork):
    """A module of the user's own."""

    kind: str = "own"
    module: str = ""
    """package.module:Name, a module or what makes one without arguments; empty where it was passed in Python."""

    def __post_init__(self) -> None:
        require_module(self.module)


@dataclass(frozen=True)
class MaxoutConfig(DiscriminatorNetwork):
    """The paper's discriminator: maxout layers with dropout."""

    kind: str = "maxout"
    units: tuple[int, ...] = (240, 240)
    """Units of each hidden layer."""
    pieces: int = 5
    """Linear pieces of each unit."""
    init: float = 0.005
    """Weights start uniform on [-init, init]."""
    keep_input: float = 0.8
    """Dropout's probability of keeping an input, scaled by its inverse."""
    keep_hidden: float = 0.5
    """Dropout's probability of keeping a hidden unit, scaled by its inverse."""
    max_norm: float | None = None
    """Limit on the norm of each unit's incoming weights."""

    def __post_init__(self) -> None:
        require_whole(self, "units", "pieces")
        require(len(self.units) > 0, "units", self.units, "name at least one layer")
        require_between(self, 0, math.inf, "init")
        require_positive(self, "max_norm")
        require_kept(self.keep_input, self.keep_hidden)


@dataclass(frozen=True)
class MLPDiscriminatorConfig(DiscriminatorNetwork):
    """A plain rectifier network, for points and small images."""

    kind: str = "mlp"
    units: tuple[int, ...] = (240, 240)
    """Units of each hidden layer."""
    frequencies: int = 0
    """Sines and cosines of each value that it sees besides, at 1/2 radian a unit, 1, 2 and so on, so that it tells near
    points apart (Tancik et al. 2020); 0 for none."""

    def __post_init__(self) -> None:
        require_whole(self, "units")
        require_between(self, 0, 16, "frequencies")


@dataclass(frozen=True)
class PaperConvDiscriminatorConfig(DiscriminatorNetwork):
    """The paper's discriminator of CIFAR-10: maxout convolutions."""

    kind: str = "paper-conv"
    widths: tuple[int, int, int] = (32, 32, 192)
    """Channels of the three convolutions."""
    dense: int = 500
    """Units of the maxout layer above them."""
    pieces: int = 5
    """Linear pieces of each of these units."""
    init: float = 0.005
    """Weights start uniform on [-init, init]."""
    keep_input: float = 0.8
    """Dropout's probability of keeping an input, scaled by its inverse."""
    keep_hidden: float = 0.5
    """Dropout's probability of keeping a hidden unit, scaled by its inverse."""

    def __post_init__(self) -> None:
        require_whole(self, "widths", "dense", "pieces")
        require_between(self, 0, math.inf, "init")
        require_kept(self.keep_input, self.keep_hidden)


@dataclass(frozen=True)
class ConvDiscriminatorConfig(DiscriminatorNetwork):
    """A plain convolutional discriminator for images of any size."""

    kind: str = "conv"
    base: int = 64
    """Feature maps at half the images' size."""
    blocks: int = 0
    """Residual convolutions at each of the two smallest sizes."""
    dense: int = 0
    """Units of a hidden layer between the smallest maps and the logit; 0 for none."""

    def __post_init__(self) -> None:
        require_whole(self, "base")
        require_between(self, 0, math.inf, "blocks", "dense")


@dataclass(frozen=True)
class AutoencoderConfig(DiscriminatorNetwork):
    """A dense autoencoder whose score is its error, for the games ebgan and began."""

    kind: str = "autoencoder"
    units: tuple[int, ...] = (256, 64)
    """Units of each layer of the encoder, the code's last; the decoder has the same ones in reverse."""
    error: Literal["absolute", "squared"] = "absolute"
    """What a row's score is: the mean absolute, or squared, difference from its reconstruction."""

    def __post_init__(self) -> None:
        require_whole(self, "units")
        require(len(self.units) > 0, "units", self.units, "name at least the code's length")

    @property
    def code(self) -> int:
        """Length of the code."""
        return self.units[-1]


@dataclass(frozen=True)
class ConvAutoencoderConfig(DiscriminatorNetwork):
    """A convolutional autoencoder whose score is its error, for the games ebgan and began."""

    kind: str = "conv-autoencoder"
    base: int = 32
    """Feature maps at half the images' size."""
    code: int = 64
    """Length of the code."""
    error: Literal["absolute", "squared"] = "absolute"
    """What a row's score is: the mean absolute, or squared, difference from its reconstruction."""

    def __post_init__(self) -> None:
        require_whole(self, "base", "code")


@dataclass(frozen=True)
class PatchDiscriminatorConfig(DiscriminatorNetwork):
    """A convolutional discriminator of patches: the mean of a logit for each (Isola et al. 2017)."""

    kind: str = "patch"
    base: int = 64
    """Feature maps at half the images' size."""
    halvings: int = 2
    """How often images are halved: patches are 8 pixels wide with one, 18 with two, 38 with three."""

    def __post_init__(self) -> None:
        require_whole(self, "base", "halvings")


@dataclass(frozen=True)
class ConvClassifierConfig(DiscriminatorNetwork):
    """Convolutions, maximum pooling and group normalization: a small network that tells classes apart."""

    kind: str = "conv-classifier"
    base: int = 16
    """Feature maps of the first convolution."""
    dense: int = 128
    """Units of the last hidden layer."""
    keep: float = 0.7
    """Dropout's probability of keeping one of them, scaled by its inverse."""

    def __post_init__(self) -> None:
        require_whole(self, "base", "dense")
        require(0 < self.keep <= 1, "keep", self.keep, "use a probability above 0")


@dataclass(frozen=True)
class OwnDiscriminatorConfig(DiscriminatorNetwork):
    """A module of the user's own."""

    kind: str = "own"
    module: str = ""
    """package.module:Name, a module or what makes one without arguments; empty where it was passed in Python."""

    def __post_init__(self) -> None:
        require_module(self.module)


def require_range(shown: Range) -> None:
    """See that black lies below white."""
    require(-math.inf < shown[0] < shown[1] < math.inf, "output_range", shown, "give [black, white]")


def require_kept(keep_input: float, keep_hidden: float) -> None:
    """See that dropout keeps something."""
    for field, keep in (("keep_input", keep_input), ("keep_hidden", keep_hidden)):
        require(0 < keep <= 1, field, keep, "use a probability above 0")


def require_module(name: str) -> None:
    """See that a module is named as package.module:Name, or not at all."""
    parts = name.split(":")
    named = len(parts) == 2 and all(each.isidentifier() for each in (*parts[0].split("."), parts[1]))
    require(not name or named, "module", name, "write package.module:Name")
