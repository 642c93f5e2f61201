"""Features of convolutions that nobody trained, for images unlike those of any network at hand."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d, leaky_relu

from advnets.errors import MeasureError
from advnets.measures.features.extractor import Extractor, Features, Images, check_shape
from advnets.measures.features.setting import Setting
from advnets.measures.inputs import PIXEL_STEPS, by

_VERSION = 1
_SEED = 2014
_WIDTHS = 24, 48, 96  # maps at a half, a quarter and an eighth of the images' size
_KERNEL = 4
_SLOPE = 0.2
_NOTE = "random convolutions see colors, edges and textures, and know of no objects"


def random(setting: Setting) -> Extractor:
    """Means and deviations over each image of the maps of three random convolutions: D = 336, 192 or 96 by the size.

    The same weights for everyone, so that figures compare wherever they were taken.

    Raises:
        MeasureError: the images are a pixel high or wide.

    Source: Naeem et al. 2020, *Reliable Fidelity and Diversity Metrics for Generative Models* (features of networks as
    they were initialized, for images unlike those that networks are trained on).
    """
    shape, device = setting.table.shape, setting.device
    weights = [weight.to(device) for weight in _weights(*shape)]
    if not weights:
        raise MeasureError(f"random convolutions see nothing of images of {by(shape)}", "take the features pixels")

    def extract(images: Images) -> Features:
        check_shape(images, shape, "random")
        return _seen(weights, torch.from_numpy(images).to(device)).cpu().numpy()

    return Extractor(
        name="random",
        dimension=2 * sum(len(weight) for weight in weights),
        identity=f"random-{_VERSION}-{setting.on}",
        extract=extract,
        note=_NOTE,
    )


def _weights(channels: int, height: int, width: int) -> list[Tensor]:
    """Kernels of unit norm, times the gain of rectifiers: as many layers as the images can be halved."""
    rng, found = torch.Generator().manual_seed(_SEED), list[Tensor]()
    for maps, halvings in zip(_WIDTHS, range(len(_WIDTHS)), strict=True):
        kernels = torch.randn(maps, channels * _KERNEL**2, generator=rng)
        kernels = kernels / kernels.norm(dim=1, keepdim=True) * math.sqrt(2 / (1 + _SLOPE**2))
        if min(height, width) >> halvings >= 2:
            found.append(kernels.view(maps, channels, _KERNEL, _KERNEL))
        channels = maps
    return found


def _seen(weights: list[Tensor], images: Tensor) -> Tensor:
    x, found = images.float().div_(PIXEL_STEPS / 2).sub_(1), list[Tensor]()
    for weight in weights:
        x = leaky_relu(conv2d(x, weight, stride=2, padding=1), _SLOPE)
        found += x.mean((2, 3)), x.flatten(2).std(2, correction=0)
    return torch.cat(found, 1)
