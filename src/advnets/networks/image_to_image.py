"""Networks that take images and make images, or vectors: for completion, translation and inference."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from advnets.networks.convolutional import (
    OUTPUTS,
    SLOPE,
    ConvDiscriminator,
    halving_levels,
    initialize,
    maps_by_level,
    pixel_norm,
)


class ConvEncoder(nn.Module):
    """Images to vectors: the convolutions of `ConvDiscriminator` below a linear layer.

    Args:
        channels, height, width: of the images.
        code: length of what is made.
        base: feature maps at half the images' size.

    Raises:
        RecipeError: the images are too small.
    """

    def __init__(self, channels: int, height: int, width: int, code: int, base: int = 64) -> None:
        super().__init__()
        self.body = ConvDiscriminator(channels, height, width, base)
        features = self.body.head.in_features
        del self.body.head
        self.head = nn.Linear(features, code)
        initialize(self.head, fan_in=features)

    def features(self, images: Tensor) -> Tensor:
        """What the code is linear in: N x F."""
        return self.body.features(images)

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, channels, height, width) to codes (N, code)."""
        return self.head(self.body.features(images))


class UNet(nn.Module):
    """Images to images of the same height and width: down by strides, up by resampling, a skip at every size.

    Noise, where it is given, is added to the smallest maps through a dense layer.
    Source: Ronneberger et al. 2015; Isola et al. 2017, section 3.2. Pixel normalization instead of batch statistics, so
    that a row depends on nothing but itself.

    Args:
        channels: of the input, all its images together.
        height, width: of both, at least 2.
        made: channels of the output.
        noise: length of a vector beside the images; 0 for none.
        base: feature maps at the images' own size; doubled at each halving, up to 8 * base.
        output: "tanh" for images in [-1, 1], "sigmoid" for [0, 1]; it fixes `output_range`.

    Raises:
        RecipeError: the images are too small.
    """

    def __init__(
        self, channels: int, height: int, width: int, made: int, noise: int = 0, base: int = 32, output: str = "tanh"
    ) -> None:
        super().__init__()
        activation, self.output_range = OUTPUTS[output]
        maps = [base, *maps_by_level(2 * base, halving_levels(height, width))]
        self.first = nn.Conv2d(channels, base, 3, padding=1)
        self.down = nn.ModuleList([nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise(maps)])
        self.noise = nn.Linear(noise, maps[-1]) if noise else None
        up = [*reversed(maps)]
        self.up = nn.ModuleList([nn.Conv2d(a + b, b, 3, padding=1) for a, b in itertools.pairwise(up)])
        self.last = nn.Conv2d(base, made, 3, padding=1)
        self.activation = activation()
        for layer in (self.first, *self.down, *self.up, self.last):
            assert isinstance(layer, nn.Conv2d)
            initialize(layer, fan_in=layer.in_channels * layer.kernel_size[0] ** 2 // layer.stride[0] ** 2)
        if self.noise is not None:
            initialize(self.noise, fan_in=noise)

    def forward(self, images: Tensor, z: Tensor | None = None) -> Tensor:
        """Images (N, channels, height, width) and perhaps noise (N, noise) to images in `output_range`."""
        x = self.first(images)
        seen = [x]
        for layer in self.down:
            x = layer(pixel_norm(leaky_relu(x, SLOPE)))
            seen.append(x)
        seen.pop()
        if z is not None and self.noise is not None:
            x = x + self.noise(z)[:, :, None, None]
        for layer in self.up:
            skip = seen.pop()
            grown = interpolate(pixel_norm(leaky_relu(x, SLOPE)), size=skip.shape[2:], mode="nearest")
            x = layer(torch.cat([grown, leaky_relu(skip, SLOPE)], 1))
        return self.activation(self.last(pixel_norm(leaky_relu(x, SLOPE))))
