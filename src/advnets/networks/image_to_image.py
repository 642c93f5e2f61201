"""Networks that take images and make images, or vectors, and that judge them by patches."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pixel_shuffle

from advnets.errors import RecipeError
from advnets.networks.convolutional import (
    LINEAR,
    OUTPUTS,
    SLOPE,
    UNBOUNDED,
    ConvDiscriminator,
    halving_levels,
    initialize,
    maps_by_level,
    pixel_norm,
    residuals,
    thought,
)
from advnets.networks.layers import channels_last

_CODE = 128  # numbers that a network of images and noise makes of an image


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
        self.flattened, self.body.flattened = self.body.flattened, {}
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

    Noise, where it is given, joins a code of the smallest maps in a dense layer, whose output is added to them: it has
    its say at every place, and what becomes of a place may depend on all that is seen.
    Source: Ronneberger et al. 2015; Isola et al. 2017, section 3.2. Pixel normalization instead of batch statistics, so
    that a row depends on nothing but itself.

    Args:
        channels: of the input, all its images together.
        height, width: of both, at least 2.
        made: channels of the output.
        noise: length of a vector beside the images; 0 for none.
        base: feature maps at the images' own size; doubled at each halving, up to 8 * base.
        output: "tanh" for images in [-1, 1], "sigmoid" for [0, 1]; it fixes `output_range`.
        blocks: residual 3 x 3 convolutions at each of the two smallest sizes, on the way down.

    Raises:
        RecipeError: the images are too small.
    """

    def __init__(
        self,
        channels: int,
        height: int,
        width: int,
        made: int,
        noise: int = 0,
        base: int = 32,
        output: str = "tanh",
        blocks: int = 0,
    ) -> None:
        super().__init__()
        activation, self.output_range = OUTPUTS[output]
        maps = [base, *maps_by_level(2 * base, halving_levels(height, width))]
        self.first = nn.Conv2d(channels, base, 3, padding=1)
        self.down = nn.ModuleList([nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise(maps)])
        self.residuals = residuals(maps[:0:-1], blocks)
        self.noise = _Noise((maps[-1], height >> len(self.down), width >> len(self.down)), noise) if noise else None
        up = [*reversed(maps)]
        self.up = nn.ModuleList([nn.Conv2d(a + b, b, 3, padding=1) for a, b in itertools.pairwise(up)])
        self.last = nn.Conv2d(base, made, 3, padding=1)
        self.activation = activation()
        for layer in (self.first, *self.down, *self.up, self.last):
            assert isinstance(layer, nn.Conv2d)
            gain = LINEAR if output in UNBOUNDED and layer is self.last else 1.0
            initialize(layer, fan_in=layer.in_channels * layer.kernel_size[0] ** 2 // layer.stride[0] ** 2, gain=gain)

    def forward(self, images: Tensor, z: Tensor | None = None) -> Tensor:
        """Images (N, channels, height, width) and perhaps noise (N, noise) to images in `output_range`."""
        x = self.first(channels_last(images))
        seen = [x]
        for number, layer in enumerate(self.down, 1):
            x = thought(self.residuals, len(self.down) - number, layer(pixel_norm(leaky_relu(x, SLOPE))))
            seen.append(x)
        seen.pop()
        if z is not None and self.noise is not None:
            x = x + self.noise(x, z)
        for layer in self.up:
            skip = seen.pop()
            grown = interpolate(pixel_norm(leaky_relu(x, SLOPE)), size=skip.shape[2:], mode="nearest")
            x = layer(torch.cat([grown, leaky_relu(skip, SLOPE)], 1))
        return self.activation(self.last(pixel_norm(leaky_relu(x, SLOPE))))


class Upscaler(nn.Module):
    """Small images to larger ones: enlarged bicubically, plus what convolutions at the small size find is missing.

    Residual blocks without batch statistics, then one convolution that makes all pixels of a place at once. The last
    layer begins at zero, so that the network begins as the bicubic enlargement. Images may have any height and width.
    Source: Shi et al. 2016, section 3 (the pixels of a place); Lim et al. 2017, section 3.1 (the blocks).

    Args:
        channels: of the images, small and large.
        factor: by which height and width grow.
        noise: length of a vector beside the images; 0 for none.
        base: feature maps.
        blocks: residual blocks, of two convolutions each.
    """

    output_range = (-1.0, 1.0)

    def __init__(self, channels: int, factor: int, noise: int = 0, base: int = 32, blocks: int = 4) -> None:
        super().__init__()
        self.factor = factor
        self.first = nn.Conv2d(channels, base, 3, padding=1)
        self.noise = nn.Linear(noise, base) if noise else None
        self.blocks = nn.ModuleList([nn.Conv2d(base, base, 3, padding=1) for _ in range(2 * blocks)])
        self.last = nn.Conv2d(base, channels * factor**2, 3, padding=1)
        initialize(self.first, fan_in=9 * channels)
        for number, layer in enumerate(self.blocks):
            initialize(layer, fan_in=9 * base * (blocks if number % 2 else 1))  # what is added up stays in scale
        if self.noise is not None:
            initialize(self.noise, fan_in=noise)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]  # it has one

    @property
    def reach(self) -> int:
        """How far away a pixel of the small image may be and still bear on a place."""
        return 2 + len(self.blocks)  # a pixel for each of its convolutions; the enlargement itself needs two

    def forward(self, images: Tensor, z: Tensor | None = None) -> Tensor:
        """Images (N, channels, h, w) and perhaps noise (N, noise) to N x channels x factor * h x factor * w.

        Their values lie in `output_range`, or a little beyond.
        """
        x = self.first(channels_last(images))
        if z is not None and self.noise is not None:
            x = x + self.noise(z)[:, :, None, None]
        for one, other in zip(self.blocks[::2], self.blocks[1::2], strict=True):
            x = x + other(leaky_relu(one(leaky_relu(x, SLOPE)), SLOPE))
        return enlarged(images, self.factor) + pixel_shuffle(self.last(leaky_relu(x, SLOPE)), self.factor)


def enlarged(images: Tensor, factor: int) -> Tensor:
    """Images as many times as high and as wide, by bicubic interpolation. They may pass the range of their values."""
    # Where images grow there is nothing to be antialiased; it chooses Keys' cubic (1981), which keeps straight lines.
    wide = images if images.dtype == torch.float64 else images.float()  # PyTorch has it in no smaller type
    if torch.compiler.is_exporting():  # PyTorch's kernel is traced for one batch size alone, and ONNX has none like it
        down, across = (_keys(size, factor).to(wide.dtype) for size in images.shape[2:])
        return (down @ wide @ across.T).to(images.dtype)
    grown = interpolate(wide, scale_factor=float(factor), mode="bicubic", align_corners=False, antialias=True)
    return grown.to(images.dtype)


def _keys(size: int, factor: int) -> Tensor:
    """The same enlargement along one axis as a matrix, float64 (size * factor, size). Source: Keys 1981, Eq. 15."""
    places = (torch.arange(size * factor, dtype=torch.float64) + 0.5) / factor
    apart = (places[:, None] - torch.arange(size) - 0.5).abs()
    near = (1.5 * apart - 2.5) * apart.square() + 1
    far = ((2.5 - 0.5 * apart) * apart - 4) * apart + 2
    weights = torch.where(apart < 1, near, torch.where(apart < 2, far, 0.0))
    return weights / weights.sum(1, keepdim=True)  # what lies beyond the edge is left out


class PatchDiscriminator(nn.Module):
    """A discriminator of patches: a logit for each of many overlapping ones, whose mean is the image's.

    It sees texture and not composition, which a source beside the image tells anyway. Since the costs are of the mean
    and not of each patch, a row has one score, and one backward pass serves both sides. There is no normalization.
    Source: Isola et al. 2017, section 3.2.2.

    Args:
        channels: C of the images.
        height, width: of the images, at least 2.
        base: feature maps at half the images' size; doubled at each halving.
        halvings: how often the images are halved: patches are 8 pixels wide with one, 18 with two, 38 with three.

    Raises:
        RecipeError: the images are too small to be halved so often.
    """

    def __init__(self, channels: int, height: int, width: int, base: int = 64, halvings: int = 2) -> None:
        super().__init__()
        if min(height, width) < 2**halvings:
            what = f"images of {height} x {width} cannot be halved {halvings} times"
            raise RecipeError(what, "use fewer halvings, or larger images")
        widths = [channels, *maps_by_level(base, halvings)]
        self.layers = nn.ModuleList([nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise(widths)])
        self.head = nn.Conv2d(widths[-1], 1, 3, padding=1)
        for layer in self.layers:
            assert isinstance(layer, nn.Conv2d)
            initialize(layer, fan_in=16 * layer.in_channels)
        initialize(self.head, fan_in=9 * widths[-1])

    def patches(self, images: Tensor) -> Tensor:
        """Images (N, channels, height, width) to a logit for each patch, N x h x w."""
        x = channels_last(images)
        for layer in self.layers:
            x = leaky_relu(layer(x), SLOPE)
        return self.head(x).squeeze(1)

    def forward(self, images: Tensor) -> Tensor:
        """Images to logits (N,)."""
        return self.patches(images).mean((1, 2))


class _Noise(nn.Module):
    """Maps and noise to what is added to the maps. Source: Zhao et al. 2021 (CoModGAN), section 3, for both together.

    Args:
        shape: of the maps.
        noise: length of a vector.
    """

    def __init__(self, shape: tuple[int, int, int], noise: int) -> None:
        super().__init__()
        values = math.prod(shape)
        self.code, self.both = nn.Linear(values, _CODE), nn.Linear(_CODE + noise, values)
        self.shape = shape
        for layer in (self.code, self.both):
            initialize(layer, fan_in=layer.in_features)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Maps N x shape and noise (N, noise) to N x shape."""
        code = self.code(pixel_norm(leaky_relu(x, SLOPE)).flatten(1))
        return self.both(torch.cat([leaky_relu(code, SLOPE), z], 1)).unflatten(1, self.shape)
