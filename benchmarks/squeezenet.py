"""SqueezeNet 1.1's features of images, from its published weights as an .npz: for figures that need real features.

The weights, named conv1.weight to fire9.expand3x3.bias, are trained on ImageNet; they are not shipped. The environment
variable ADVNETS_SQUEEZENET names the file. Source: Iandola et al. 2016; of distances in features without learned
weights: Zhang et al. 2018, section 3.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, max_pool2d, relu

SIDE = 96  # images are enlarged to it: of the 227 it was trained on, what pays for small images
LAYERS = (3, 5, 9)
"""Fire modules whose outputs distances are taken of."""
_MEAN_BGR = (104.0, 117.0, 123.0)
_AT_ONCE = 64


def at_hand() -> bool:
    """Whether the weights are there."""
    return Path(os.environ.get("ADVNETS_SQUEEZENET", "")).is_file()


class SqueezeNet:
    """The network without its classifier."""

    def __init__(self) -> None:
        with np.load(os.environ["ADVNETS_SQUEEZENET"], allow_pickle=False) as known:
            self._weights = {name: torch.from_numpy(known[name].astype(np.float32)) for name in known.files}

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The last fire module's features, averaged over places: N x 512."""
        return torch.cat([self._layers(part)[-1].mean((2, 3)) for part in _parts(images)]).numpy()

    def distance(self, one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
        """Mean distance of pairs: squared differences of features of unit length, over places, summed over `LAYERS`."""
        found: list[Tensor] = []
        for mine, theirs in zip(_parts(one), _parts(other), strict=True):
            pairs = zip(self._layers(mine), self._layers(theirs), strict=True)
            found.append(torch.stack([(_unit(a) - _unit(b)).square().sum(1).mean((1, 2)) for a, b in pairs]).sum(0))
        return float(torch.cat(found).mean())

    @torch.no_grad()
    def _layers(self, images: NDArray[np.uint8]) -> Sequence[Tensor]:
        x = torch.from_numpy(np.ascontiguousarray(images)).float()
        x = x.expand(-1, 3, -1, -1).flip(1) - torch.tensor(_MEAN_BGR).view(3, 1, 1)
        x = interpolate(x, (SIDE, SIDE), mode="bilinear", align_corners=False)
        x = max_pool2d(relu(self._convolved("conv1", x, stride=2)), 3, 2, ceil_mode=True)
        found: list[Tensor] = []
        for number in range(2, 10):
            squeezed = relu(self._convolved(f"fire{number}.squeeze1x1", x))
            parts = [self._convolved(f"fire{number}.expand{size}", squeezed, padding=pad) for size, pad in _EXPAND]
            x = relu(torch.cat(parts, 1))
            if number in LAYERS:
                found.append(x)
            if number in (3, 5):
                x = max_pool2d(x, 3, 2, ceil_mode=True)
        return found

    def _convolved(self, name: str, x: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
        return conv2d(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"], stride, padding)


_EXPAND = ("1x1", 0), ("3x3", 1)


def _unit(features: Tensor) -> Tensor:
    return features / features.norm(dim=1, keepdim=True).clamp_min(1e-6)


def _parts(images: NDArray[np.uint8]) -> Sequence[NDArray[np.uint8]]:
    return [images[start : start + _AT_ONCE] for start in range(0, len(images), _AT_ONCE)]
