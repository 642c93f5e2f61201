"""A plain convolutional pair for images of any size.

Images are N x C x H x W throughout. Inside, activations are kept in channels-last memory, which convolutions
on processors and GPUs like best; parameters stay contiguous, so that they can be saved and flattened.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu

from advnets.errors import RecipeError
from advnets.networks.layers import channels_last, uniform_
from advnets.networks.shortcuts import is_plain

SLOPE = 0.2
_RESIDUAL = 0.2  # of He initialization's scale: residuals begin small
_MODULATING = 0.2  # the same of what modulates: maps begin nearly as they are
LINEAR = 0.3  # the same of an output that does not saturate, so that images begin within their range
_LEAK = 0.1  # of what lies beyond the range


class LeakyHardtanh(nn.Module):
    """Values from -1 to 1 as they are, and a tenth of what lies beyond: white is reached, and gradients never end."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same."""
        return torch.lerp(x.clamp(-1, 1), x, _LEAK)


OUTPUTS: dict[str, tuple[type[nn.Module], tuple[float, float]]] = {
    "tanh": (nn.Tanh, (-1.0, 1.0)),
    "sigmoid": (nn.Sigmoid, (0.0, 1.0)),
    "linear": (nn.Identity, (-1.0, 1.0)),
    "leaky-hardtanh": (LeakyHardtanh, (-1.0, 1.0)),
}
UNBOUNDED = "linear", "leaky-hardtanh"
"""Outputs that may leave their range."""


class ConvGenerator(nn.Module):
    """A plain convolutional generator for images of any height and width.

    A dense layer, or two, make a small map; transposed convolutions (4 x 4, stride 2) double it up to H x W, each
    cropped to the size that halving the image gives, so that odd and unequal sides need no resizing. Before
    each come a leaky ReLU and pixel normalization: nothing is shared between the rows of a batch. Residual convolutions
    think where maps are small, and cost little.
    Source: Radford et al. 2016 (DCGAN), section 3; Karras et al. 2018 (Progressive GAN), section 4.2; He et al. 2016,
    section 3 (residuals, before their activation); Chen et al. 2016 (InfoGAN), appendix C (hidden dense layers); Chen
    et al. 2019 (On Self Modulation for Generative Adversarial Networks), section 3.

    Args:
        latent: length of z.
        channels: C of the images.
        height: H of the images, at least 2.
        width: W of the images, at least 2.
        base: feature maps at half the images' size; doubled at each halving, up to 8 * base.
        output: "tanh" for images in [-1, 1], "sigmoid" for [0, 1]; "linear" for images in [-1, 1] that may leave it and
            are cut off there when they are shown: nothing saturates, where G would no longer learn; "leaky-hardtanh",
            the same with a tenth of what lies beyond. It fixes `output_range`.
        blocks: residual 3 x 3 convolutions at each of the two smallest sizes.
        dense: units of a hidden layer between z and the smallest maps; 0 for none.
        modulation: whether z scales and shifts the normalized maps before each transposed convolution: what it decides
            need not pass through all layers.

    Raises:
        RecipeError: the images are too small, or there is no such output.
    """

    def __init__(
        self,
        latent: int,
        channels: int,
        height: int,
        width: int,
        base: int = 64,
        output: str = "tanh",
        blocks: int = 0,
        dense: int = 0,
        modulation: bool = False,
    ) -> None:
        super().__init__()
        if output not in OUTPUTS:
            raise RecipeError(f"unknown output {output!r}", f"choose one of {', '.join(OUTPUTS)}")
        activation, self.output_range = OUTPUTS[output]
        levels = halving_levels(height, width)
        widths = [*reversed(maps_by_level(base, levels)), channels]
        self.sizes = [(_halved(height, n), _halved(width, n)) for n in range(levels, -1, -1)]
        self.hidden = nn.Linear(latent, dense) if dense else None
        self.dense = nn.Linear(dense or latent, widths[0] * math.prod(self.sizes[0]))
        self.layers = nn.ModuleList(
            [nn.ConvTranspose2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise(widths)]
        )
        places = math.prod(self.sizes[0])
        self.flattened = {"dense.weight": (0, places), "dense.bias": (0, places)}
        self.residuals = residuals(widths[:-1], blocks)
        self.modulations = nn.ModuleList([nn.Linear(latent, 2 * maps) for maps in widths[:-1]] if modulation else [])
        self.activation = activation()
        if self.hidden is not None:
            initialize(self.hidden, fan_in=latent)
        initialize(self.dense, fan_in=dense or latent)
        for maps, layer in zip(widths, self.layers, strict=False):
            unbounded = output in UNBOUNDED and layer is self.layers[-1]
            initialize(layer, fan_in=4 * maps, gain=LINEAR if unbounded else 1.0)
        for layer in self.modulations:
            initialize(layer, fan_in=latent, gain=_MODULATING)

    def forward(self, z: Tensor) -> Tensor:
        """Latent vectors (N, latent) to images (N, channels, height, width) in `output_range`."""
        code = z if self.hidden is None else _scaled(leaky_relu(self.hidden(z), SLOPE))
        x = self.dense(code).unflatten(1, (*self.sizes[0], -1)).permute(0, 3, 1, 2)
        for number, (layer, (height, width)) in enumerate(zip(self.layers, self.sizes[1:], strict=True)):
            x = thought(self.residuals, number, x)
            x = pixel_norm(leaky_relu(x, SLOPE))
            if self.modulations:
                x = modulated(x, self.modulations[number](z))
            x = layer(x)[:, :, :height, :width]
        return self.activation(x)


class ConvDiscriminator(nn.Module):
    """A plain convolutional discriminator for images of any height and width.

    Convolutions (4 x 4, stride 2) with leaky ReLU halve the image to about 4 x 4; a dense layer gives the
    logit. There is no normalization, so that a row's logit depends on that row alone; He initialization keeps
    the scale. Residual convolutions think where maps are small, and cost little.
    Source: Radford et al. 2016 (DCGAN), section 3; He et al. 2015, Eq. 15; He et al. 2016, section 3.

    Args:
        channels: C of the images.
        height: H of the images, at least 2.
        width: W of the images, at least 2.
        base: feature maps at half the images' size; doubled at each halving, up to 8 * base.
        blocks: residual 3 x 3 convolutions at each of the two smallest sizes.
        dense: units of a hidden layer between the smallest maps and the logit; 0 for none.

    Raises:
        RecipeError: the images are too small.
    """

    def __init__(self, channels: int, height: int, width: int, base: int = 64, blocks: int = 0, dense: int = 0) -> None:
        super().__init__()
        levels = halving_levels(height, width)
        widths = [channels, *maps_by_level(base, levels)]
        places = (height >> levels) * (width >> levels)
        features = widths[-1] * places
        self.flattened = {"hidden.weight" if dense else "head.weight": (1, places)}
        self.layers = nn.ModuleList([nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise(widths)])
        self.residuals = residuals(widths[:0:-1], blocks)
        self.hidden = nn.Linear(features, dense) if dense else None
        self.head = nn.Linear(dense or features, 1)
        for maps, layer in zip(widths, self.layers, strict=False):
            initialize(layer, fan_in=16 * maps)
        if self.hidden is not None:
            initialize(self.hidden, fan_in=features)
        initialize(self.head, fan_in=dense or features)

    def in_order(self) -> Iterator[nn.Module]:
        """Layers with weights, as images come through them."""
        sizes = [*reversed(self.residuals)]  # those of the larger maps first
        for number, layer in enumerate(self.layers, len(sizes) - len(self.layers)):
            yield layer
            yield from sizes[number] if number >= 0 else ()  # type: ignore[misc]  # a list of them
        yield from (each for each in (self.hidden, self.head) if each is not None)

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
        last = len(self.layers) - 1
        x = leaky_relu(thought(self.residuals, last, x), SLOPE)
        for number, layer in enumerate(self.layers[1:], 1):
            x = leaky_relu(thought(self.residuals, last - number, layer(x)), SLOPE)
        # In the memory's own order: the gradient that comes back is laid out as the activations are.
        flat = x.permute(0, 2, 3, 1).flatten(1)
        return flat if self.hidden is None else leaky_relu(self.hidden(flat), SLOPE)


def residuals(widths: Sequence[int], blocks: int) -> nn.ModuleList:
    """So many residual convolutions at each of the two smallest sizes, whose maps come first in `widths`."""
    sizes: list[nn.ModuleList] = []
    for maps in widths[:2]:
        layers = [nn.Conv2d(maps, maps, 3, padding=1) for _ in range(blocks)]
        for layer in layers:
            initialize(layer, fan_in=9 * maps, gain=_RESIDUAL)
        sizes.append(nn.ModuleList(layers))
    return nn.ModuleList(sizes if blocks else [])


def thought(residuals: nn.ModuleList, number: int, x: Tensor) -> Tensor:
    """x with what the residual convolutions of its size add; sizes are numbered from the smallest."""
    for layer in residuals[number] if number < len(residuals) else ():  # type: ignore[union-attr]  # a list of them
        x = x + layer(leaky_relu(x, SLOPE))
    return x


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


def modulated(x: Tensor, by: Tensor) -> Tensor:
    """Maps (N, C, H, W) times 1 + the first C of `by` (N, 2 C), plus the others."""
    scale, shift = by[:, :, None, None].chunk(2, 1)
    return torch.addcmul(shift, x, 1 + scale)


def _scaled(rows: Tensor) -> Tensor:
    """Each row scaled to a mean square of 1, as `pixel_norm` scales places."""
    return _PixelNorm.apply(rows)[0]  # type: ignore[index]  # two outputs


def initialize(layer: nn.Module, fan_in: int, gain: float = 1.0) -> None:
    """He initialization for leaky ReLU, times a gain, biases at zero."""
    uniform_(layer, gain * math.sqrt(6 / ((1 + SLOPE**2) * fan_in)))
