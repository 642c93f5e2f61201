"""The paper's own convolutional pair, for CIFAR-10; activations are in channels-last memory."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from advnets.errors import RecipeError
from advnets.networks.layers import Dropout, Maxout, channels_last, uniform_


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


def _in_memory_order(module: nn.Module, x: Tensor) -> Tensor:
    """An elementwise module on the memory's own order, N x H x W x C."""
    return module(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
