"""A small convolutional classifier of images of any size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from advnets.measures.inputs import PIXEL_STEPS

DIMENSION = 128
"""Width of the penultimate layer: the features."""

LARGEST_SIDE = 64
"""Larger images are shrunk to fit: they cost time and tell classes apart no better at this size of network."""

_GRID = 3


class Classifier(nn.Module):
    """Three stages of convolutions, a pooled grid of 3 x 3, a layer of features, a layer of logits.

    Args:
        channels: of the images.
        classes: how many.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_stage(channels, 32),
            *_stage(32, 64),
            *_stage(64, 128),
            nn.AdaptiveAvgPool2d(_GRID),
            nn.Flatten(),
            nn.Linear(128 * _GRID**2, DIMENSION, bias=False),
            nn.BatchNorm1d(DIMENSION),
            nn.ReLU(),
        )
        self.logits = nn.Linear(DIMENSION, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Prepared images -> logits, N x K."""
        return self.logits(self.features(images))


def prepare(images: Tensor) -> Tensor:
    """uint8 images -> values in [-1/2, 1/2], no side longer than `LARGEST_SIDE`."""
    values = images.float().div_(PIXEL_STEPS).sub_(0.5)
    height, width = values.shape[2:]
    if max(height, width) > LARGEST_SIDE:
        scale = LARGEST_SIDE / max(height, width)
        size = max(1, round(height * scale)), max(1, round(width * scale))
        values = F.interpolate(values, size, mode="bilinear", align_corners=False, antialias=True)
    return values.contiguous(memory_format=torch.channels_last)


def _stage(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    """Convolution, normalization, ReLU, and half the size; a side of one pixel stays one."""
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)
