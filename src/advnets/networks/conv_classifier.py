"""A small convolutional network that tells classes apart; a row's score depends on that row alone."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, max_pool2d

from advnets.errors import RecipeError
from advnets.networks.convolutional import SLOPE, initialize
from advnets.networks.layers import Dropout, channels_last

_GROUP = 16  # feature maps that are normalized together


class ConvClassifier(nn.Module):
    """Three convolutions, each followed by pooling, normalization and a leaky ReLU, a dense layer, one logit.

    Normalization is within a row, over groups of its feature maps: batch statistics would mix real rows with fakes.
    Source: Simonyan and Zisserman 2015 (VGG), section 2; Wu and He 2018 (group normalization), Eq. 7.

    Args:
        channels: C of the images.
        height: H of the images, at least 2.
        width: W of the images, at least 2.
        base: feature maps of the first convolution; doubled at each further one.
        dense: units of the last hidden layer.
        keep: dropout's keep probability of these.

    Raises:
        RecipeError: the images are too small.
    """

    def __init__(
        self, channels: int, height: int, width: int, base: int = 16, dense: int = 128, keep: float = 0.7
    ) -> None:
        super().__init__()
        if min(height, width) < 2:
            raise RecipeError(f"a conv-classifier cannot see {height} x {width} images", "use 2 x 2 or more")
        widths, kernels = [channels, base, 2 * base, 4 * base], [5, 3, 3]
        self.layers = nn.ModuleList(
            [nn.Conv2d(a, b, k, padding=k // 2) for a, b, k in zip(widths, widths[1:], kernels, strict=False)]
        )
        self.norms = nn.ModuleList([nn.GroupNorm(math.ceil(maps / _GROUP), maps) for maps in widths[1:]])
        places = math.ceil(height / 8) * math.ceil(width / 8)
        self.dense = nn.Linear(widths[-1] * places, dense)
        self.dropout = Dropout(keep)
        self.head = nn.Linear(dense, 1)
        for maps, kernel, layer in zip(widths, kernels, self.layers, strict=False):
            initialize(layer, fan_in=maps * kernel**2)
        initialize(self.dense, fan_in=widths[-1] * places)
        initialize(self.head, fan_in=dense)

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, channels, height, width) to logits (N,)."""
        return self.head(self.features(images)).squeeze(1)

    def features(self, images: Tensor) -> Tensor:
        """What the head sees of images: N x dense, dropout included."""
        x = channels_last(images)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = leaky_relu(norm(max_pool2d(layer(x), 2, ceil_mode=True)), SLOPE)
        return self.dropout(leaky_relu(self.dense(x.flatten(1)), SLOPE))

    def pair_features(self, real: Tensor, fake: Tensor) -> Tensor:
        """The same of real images, then fake ones."""
        return self.features(torch.cat([real, fake]))
