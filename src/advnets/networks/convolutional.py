"""Convolutional pairs: the paper's own for CIFAR-10, and a plain one for images of any size.

Images are N x C x H x W throughout. Inside, activations are kept in channels-last memory, which convolutions
on processors and GPUs like best; parameters stay contiguous, so that they can be saved and flattened.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu, max_pool2d

from advnets.errors import RecipeError
from advnets.networks.layers import Dropout, Maxout, channels_last, uniform_
from advnets.networks.shortcuts import is_plain

SLOPE = 0.2
OUTPUTS: dict[str, tuple[type[nn.Module], tuple[float, float]]] = {
    "tanh": (nn.Tanh, (-1.0, 1.0)),
    "sigmoid": (nn.Sigmoid, (0.0, 1.0)),
}


class PaperConvGenerator(nn.Module):
    """The paper's "deconvolutional" generator of CIFAR-10 images.

    ReLU `hidden`, sigmoid `hidden`, reshaped to maps, one transposed convolution (5 x 5, stride 3, a bias for
    each output value) and no output function. At 32 x 32 with 8,000 units the maps are 80 x 10 x 10.
    Source: Goodfellow et al. 2014, section 5; the authors' `cifar10_convolutional.yaml`.

    Args:
        latent: length of z.
        channels: C of the images.
        size: H and W of the images, at least 5.
        hidden: units of each of the two dense layers, a multiple of the number of places in a map; by default
            the multiple nearest to the paper's 8,000 (8,000 itself at 32 x 32).
        init: weights start uniform on [-init, init], biases at zero.
        output_range: the values that stand for black and white; a linear output may pass them. The
            authors train on images less their mean, each scaled to a norm of 55: a standard deviation of .99.
            Pixels on [-2, 2] have nearly that over CIFAR-10, and can be turned back into pictures.
        output_init: the same as `init` for the transposed convolution, where that is another.

    Raises:
        RecipeError: the size is below 5, or `hidden` does not divide into maps.
    """

    def __init__(
        self,
        latent: int = 100,
        channels: int = 3,
        size: int = 32,
        hidden: int | None = None,
        init: float = 0.05,
        output_range: tuple[float, float] = (-2.0, 2.0),
        output_init: float | None = None,
    ) -> None:
        super().__init__()
        if size < 5:
            raise RecipeError(
                f"the paper's convolutional generator cannot make {size} x {size} images", "use 5 or more"
            )
        side = math.ceil((size - 2) / 3)
        fitting = max(1, round((hidden or 8000) / side**2)) * side**2
        hidden = hidden or fitting
        if hidden % side**2:
            raise RecipeError(f"{hidden} hidden units do not divide into {side} x {side} maps", f"use {fitting}")
        self.size = size
        self.output_range = output_range
        self.dense = nn.Sequential(
            nn.Linear(latent, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.Sigmoid(),
            nn.Unflatten(1, (hidden // side**2, side, side)),
        )
        self.deconvolution = nn.ConvTranspose2d(hidden // side**2, channels, 5, stride=3, bias=False)
        self.bias = nn.Parameter(torch.empty(channels, size, size))
        uniform_(self, init)
        if output_init is not None:
            uniform_(self.deconvolution, output_init)

    def forward(self, z: Tensor) -> Tensor:
        """Latent vectors (N, latent) to images (N, channels, size, size)."""
        return self.deconvolution(self.dense(z))[:, :, : self.size, : self.size] + self.bias


class PaperConvDiscriminator(nn.Module):
    """The paper's discriminator of CIFAR-10 images: three maxout convolutions, maxout, one logit.

    Maxout convolutions of 32 (8 x 8, padding 4), 32 (8 x 8, padding 3) and 192 (5 x 5, padding 3) channels
    with two pieces each, max pooling (4 stride 2, 4 stride 2, 2 stride 2) that covers the border as
    cuda-convnet's does, maxout 500 x 5. Each layer's input goes through dropout: keep .8 scale 1.25 for the
    image, keep .5 scale 2 after.
    Source: Goodfellow et al. 2014, section 5; the authors' `cifar10_convolutional.yaml`.

    Args:
        channels: C of the images.
        size: H and W of the images, at least 8.
        widths: channels of the three convolutions.
        units: units of the dense maxout layer.
        pieces: pieces of each dense maxout unit.
        init: weights start uniform on [-init, init], biases at zero.
        keep_input, keep_hidden: dropout's keep probabilities, of the image and of what lies above.

    Raises:
        RecipeError: the size is below 8.
    """

    def __init__(
        self,
        channels: int = 3,
        size: int = 32,
        widths: tuple[int, int, int] = (32, 32, 192),
        units: int = 500,
        pieces: int = 5,
        init: float = 0.005,
        keep_input: float = 0.8,
        keep_hidden: float = 0.5,
    ) -> None:
        super().__init__()
        if size < 8:
            raise RecipeError(f"the paper's discriminator cannot see {size} x {size} images", "use 8 or more")
        self.input_dropout = Dropout(keep_input)
        self.hidden_dropout = Dropout(keep_hidden)
        layers = [
            MaxoutConv(channels, widths[0], kernel=8, padding=4, pool=4, pool_stride=2),
            MaxoutConv(widths[0], widths[1], kernel=8, padding=3, pool=4, pool_stride=2),
            MaxoutConv(widths[1], widths[2], kernel=5, padding=3, pool=2, pool_stride=2),
        ]
        self.convolutions = nn.ModuleList(layers)
        side = functools.reduce(lambda length, layer: layer.output_length(length), layers, size)
        self.dense = Maxout(widths[2] * side**2, units, pieces)
        self.head = nn.Linear(units, 1)
        uniform_(self, init)

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, channels, size, size) to logits (N,)."""
        return self.head(self.features(images)).squeeze(1)

    def features(self, images: Tensor) -> Tensor:
        """What the head sees of images: N x units, dropout included."""
        x = channels_last(images)
        dropout = self.input_dropout
        for layer in self.convolutions:
            x = layer(_in_memory_order(dropout, x))
            dropout = self.hidden_dropout
        return dropout(self.dense(dropout(x.flatten(1))))

    def pair_features(self, real: Tensor, fake: Tensor) -> Tensor:
        """The same of real images, then fake ones."""
        return self.features(torch.cat([real, fake]))


class MaxoutConv(nn.Module):
    """A maxout convolution with max pooling on top. Goodfellow et al. 2013, *Maxout Networks*, section 2.

    Args:
        inputs: channels in.
        units: channels out.
        kernel: its height and width.
        padding: zeros added on every side.
        pool: height and width of a pool.
        pool_stride: distance between pools. Pools that pass the border are kept: they cover all places.
        pieces: linear pieces of each unit.
    """

    def __init__(
        self, inputs: int, units: int, kernel: int, padding: int, pool: int, pool_stride: int, pieces: int = 2
    ) -> None:
        super().__init__()
        self.pieces, self.pool, self.pool_stride = pieces, pool, pool_stride
        self.margin = 2 * padding - kernel + 1
        # Channel p * units + u is piece p of unit u: in channels-last memory the maximum is over whole rows.
        self.convolution = nn.Conv2d(inputs, units * pieces, kernel, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, units, output_length(H), output_length(W))."""
        # Maxima commute: pooling first leaves a quarter of the values to compare across pieces.
        pooled = max_pool2d(self.convolution(x), self.pool, self.pool_stride, ceil_mode=True)
        return functools.reduce(torch.maximum, pooled.chunk(self.pieces, 1))

    def output_length(self, length: int) -> int:
        """Height or width of the output for an input of that height or width."""
        return math.ceil(max(0, length + self.margin - self.pool) / self.pool_stride) + 1


class ConvGenerator(nn.Module):
    """A plain convolutional generator for images of any height and width.

    A dense layer makes a small map; transposed convolutions (4 x 4, stride 2) double it up to H x W, each
    cropped to the size that halving the image gives, so that odd and unequal sides need no resizing. Before
    each come a leaky ReLU and pixel normalization: nothing is shared between the rows of a batch.
    Source: Radford et al. 2016 (DCGAN), section 3; Karras et al. 2018 (Progressive GAN), section 4.2.

    Args:
        latent: length of z.
        channels: C of the images.
        height: H of the images, at least 2.
        width: W of the images, at least 2.
        base: feature maps at half the images' size; doubled at each halving, up to 8 * base.
        output: "tanh" for images in [-1, 1], "sigmoid" for [0, 1]; it fixes `output_range`.

    Raises:
        RecipeError: the images are too small, or there is no such output.
    """

    def __init__(
        self, latent: int, channels: int, height: int, width: int, base: int = 64, output: str = "tanh"
    ) -> None:
        super().__init__()
        if output not in OUTPUTS:
            raise RecipeError(f"unknown output {output!r}", f"choose one of {', '.join(OUTPUTS)}")
        activation, self.output_range = OUTPUTS[output]
        levels = halving_levels(height, width)
        widths = [*reversed(maps_by_level(base, levels)), channels]
        self.sizes = [(_halved(height, n), _halved(width, n)) for n in range(levels, -1, -1)]
        self.dense = nn.Linear(latent, widths[0] * math.prod(self.sizes[0]))
        self.layers = nn.ModuleList(
            [nn.ConvTranspose2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise(widths)]
        )
        self.activation = activation()
        initialize(self.dense, fan_in=latent)
        for maps, layer in zip(widths, self.layers, strict=False):
            initialize(layer, fan_in=4 * maps)

    def forward(self, z: Tensor) -> Tensor:
        """Latent vectors (N, latent) to images (N, channels, height, width) in `output_range`."""
        x = self.dense(z).unflatten(1, (*self.sizes[0], -1)).permute(0, 3, 1, 2)
        for layer, (height, width) in zip(self.layers, self.sizes[1:], strict=True):
            x = layer(pixel_norm(leaky_relu(x, SLOPE)))[:, :, :height, :width]
        return self.activation(x)


class ConvDiscriminator(nn.Module):
    """A plain convolutional discriminator for images of any height and width.

    Convolutions (4 x 4, stride 2) with leaky ReLU halve the image to about 4 x 4; a dense layer gives the
    logit. There is no normalization, so that a row's logit depends on that row alone; He initialization keeps
    the scale.
    Source: Radford et al. 2016 (DCGAN), section 3; He et al. 2015, Eq. 15.

    Args:
        channels: C of the images.
        height: H of the images, at least 2.
        width: W of the images, at least 2.
        base: feature maps at half the images' size; doubled at each halving, up to 8 * base.

    Raises:
        RecipeError: the images are too small.
    """

    def __init__(self, channels: int, height: int, width: int, base: int = 64) -> None:
        super().__init__()
        levels = halving_levels(height, width)
        widths = [channels, *maps_by_level(base, levels)]
        features = widths[-1] * (height >> levels) * (width >> levels)
        self.layers = nn.ModuleList([nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise(widths)])
        self.head = nn.Linear(features, 1)
        for maps, layer in zip(widths, self.layers, strict=False):
            initialize(layer, fan_in=16 * maps)
        initialize(self.head, fan_in=features)

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, channels, height, width) to logits (N,)."""
        return self.head(self.features(images)).squeeze(1)

    def pair(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (M + N,) of real images, then fake ones, computing no gradient for the real images."""
        return self.head(self.pair_features(real, fake)).squeeze(1)

    def features(self, images: Tensor) -> Tensor:
        """What the head sees of images: N x F."""
        first = self.layers[0]
        return self._above(first(channels_last(images)))

    def pair_features(self, real: Tensor, fake: Tensor) -> Tensor:
        """The same of real images, then fake ones, computing no gradient for the real images."""
        first = self.layers[0]
        if not (type(first) is nn.Conv2d and is_plain(first) and _joins(first)):
            return self.features(torch.cat([real, fake]))
        return self._above(_JoinedConv.apply(real, fake, first.weight, first.bias))  # type: ignore[arg-type]

    def _above(self, x: Tensor) -> Tensor:
        x = leaky_relu(x, SLOPE)
        for layer in self.layers[1:]:
            x = leaky_relu(layer(x), SLOPE)
        # In the memory's own order: the gradient that comes back is laid out as the activations are.
        return x.permute(0, 2, 3, 1).flatten(1)


def _joins(layer: nn.Conv2d) -> bool:
    """Whether `_JoinedConv` computes what this layer does."""
    plain = layer.stride == (2, 2) and layer.padding == (1, 1) and layer.dilation == (1, 1) and layer.groups == 1
    return plain and layer.padding_mode == "zeros"


class _JoinedConv(torch.autograd.Function):
    """A 4 x 4, stride 2 convolution of real and fake images at once; no gradient is computed for real images."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, real: Tensor, fake: Tensor, weight: Tensor, bias: Tensor
    ) -> Tensor:
        rows = channels_last(torch.cat([real, fake]))
        ctx.save_for_backward(rows, weight)
        ctx.real_count = len(real)  # type: ignore[attr-defined]  # contexts take any attribute
        return conv2d(rows, weight, bias, stride=2, padding=1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator hides ctx's name
        ctx: torch.autograd.function.FunctionCtx, *grad_outputs: Tensor
    ) -> tuple[None, Tensor | None, Tensor | None, Tensor | None]:
        rows, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        _, for_fake, for_weight, for_bias = ctx.needs_input_grad  # type: ignore[attr-defined]
        grad, count = grad_outputs[0], ctx.real_count  # type: ignore[attr-defined]
        to_fake = to_weight = to_bias = None
        if for_fake:
            to_fake = _conv_backward(grad[count:], rows[count:], weight, (True, False, False))[0]
        if for_weight or for_bias:
            _, to_weight, to_bias = _conv_backward(grad, rows, weight, (False, for_weight, for_bias))
        return None, to_fake, to_weight, to_bias


def _conv_backward(
    grad: Tensor, rows: Tensor, weight: Tensor, wanted: tuple[bool, bool, bool]
) -> tuple[Tensor, Tensor, Tensor]:
    return torch.ops.aten.convolution_backward(
        grad, rows, weight, [len(weight)], [2, 2], [1, 1], [1, 1], False, [0, 0], 1, wanted
    )


def halving_levels(height: int, width: int) -> int:
    """How often the image is halved: until its shorter side is 4 to 7, and at least once."""
    shorter = min(height, width)
    if shorter < 2:
        raise RecipeError(f"the convolutional pair cannot handle {height} x {width} images", "use 2 x 2 or more")
    return max(1, (shorter // 4).bit_length() - 1)


def maps_by_level(base: int, levels: int) -> Sequence[int]:
    """Feature maps after each halving."""
    return [min(base << level, 8 * base) for level in range(levels)]


def _halved(length: int, times: int) -> int:
    """The length halved so many times, rounded up."""
    return -(-length >> times)


def _in_memory_order(module: nn.Module, x: Tensor) -> Tensor:
    """An elementwise module on the memory's own order, N x H x W x C."""
    return module(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class _PixelNorm(torch.autograd.Function):
    """y = x / rms(x) over the last axis; PyTorch's own takes two to three times as long on processors.

    1 / rms(x) is an output, too: what is saved then has a graph, and the backward pass, plain mathematics of it, can be
    differentiated again.
    """

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x_NHWC: Tensor) -> tuple[Tensor, Tensor]:
        square = torch.linalg.vector_norm(x_NHWC, dim=-1, keepdim=True).square().div_(x_NHWC.shape[-1])
        inverse = square.add_(1e-6).rsqrt_()
        y = x_NHWC * inverse
        ctx.save_for_backward(y, inverse)
        ctx.set_materialize_grads(False)
        return y, inverse

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grad_outputs: Tensor | None) -> Tensor | None:
        y, inverse = ctx.saved_tensors  # type: ignore[attr-defined]
        grad, of_inverse = grad_outputs
        found = None
        if grad is not None:
            found = (grad - y * (grad * y).mean(-1, keepdim=True)) * inverse
        if of_inverse is None:  # always, but in second derivatives
            return found
        more = of_inverse * inverse.square() * y / -y.shape[-1]
        return more if found is None else found + more


def pixel_norm(x: Tensor) -> Tensor:
    """Each place's features scaled to a mean square of 1. Source: Karras et al. 2018, section 4.2."""
    normed: Tensor = _PixelNorm.apply(x.permute(0, 2, 3, 1))[0]  # type: ignore[index]  # two outputs
    return normed.permute(0, 3, 1, 2)


def initialize(layer: nn.Module, fan_in: int) -> None:
    """He initialization for leaky ReLU, biases at zero."""
    uniform_(layer, math.sqrt(6 / ((1 + SLOPE**2) * fan_in)))
