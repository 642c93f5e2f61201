"""Global contrast normalization: all images with one mean and one norm, and back to gray levels for display.

The authors train their CIFAR-10 models on images less their mean, each scaled to a norm of 55 (pylearn2's
`global_contrast_normalize` with scale 55, no bias and no standard deviation).
Source: Coates, Lee and Ng 2011, section 3; Goodfellow et al. 2014, section 5, and the authors' code.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.errors import DataError

_ROWS_AT_ONCE = 4096
_CONSTANT = 0.5
"""Gray levels that are not all the same have a norm of at least sqrt(1/2) about their mean: below lies rounding."""


def normalize(images: Tensor, norm: float) -> Tensor:
    """Each image less its mean, scaled to the norm; an image of one gray level becomes zeros.

    Args:
        images: N x ..., gray levels 0 to 255, in any type that holds them exactly, bfloat16 included.
        norm: Euclidean norm of the results, above 0.

    Returns:
        N x ..., in the type of the images if that is a floating one, else float32. The arithmetic is float32.
    """
    mean, length = moments(images)
    factor = torch.where(length < _CONSTANT, 0.0, norm / length)
    values = (images.float() - _column(mean, images)) * _column(factor, images)
    return values.to(images.dtype) if images.is_floating_point() else values


def moments(images: Tensor) -> tuple[Tensor, Tensor]:
    """Each image's mean gray level, and its norm about that mean: float32, (N,) each."""
    rows = images.float().flatten(1)
    mean = rows.mean(1)
    return mean, torch.linalg.vector_norm(rows - mean[:, None], dim=1)


def restore(values: Tensor, mean: Tensor, length: Tensor, norm: float) -> Tensor:
    """The inverse of `normalize` with the `moments` of the images: the same gray levels again, uint8.

    Args:
        values: N x ..., float32, as `normalize` made them.
        mean, length: (N,), or a single number each for images that have no moments of their own, as samples.
        norm: what they were scaled to.
    """
    gray = values * (_column(length, values) / norm) + _column(mean, values)
    return gray.round().clamp(0, 255).to(torch.uint8)


def display_range(images: NDArray[np.uint8], norm: float) -> tuple[float, float]:
    """The normalized values that stand for black and white when a picture has the images' average mean and norm.

    Samples have no mean and norm to go back to. With this as a generator's `output_range` they are shown with those
    of an average image, each sample in the same way whatever is shown beside it. (The authors divide by the largest
    value among the samples of a picture, with zero as middle gray.)

    Args:
        images: uint8, N x ..., such as a table's training images.
        norm: what training images are scaled to.

    Returns:
        Values of gray levels 0 and 255, for a recipe's `generator.output_range`.
    """
    mean = length = 0.0
    for start in range(0, len(images), _ROWS_AT_ONCE):
        rows = images[start : start + _ROWS_AT_ONCE].reshape(-1, math.prod(images.shape[1:])).astype(np.float64)
        means = rows.mean(1, keepdims=True)
        mean += float(means.sum()) / len(images)
        length += float(np.linalg.norm(rows - means, axis=1).sum()) / len(images)
    if length < _CONSTANT:
        raise DataError("images of one gray level each have no contrast", "give images with something in them")
    return (0.0 - mean) * norm / length, (255.0 - mean) * norm / length


def _column(each: Tensor, like: Tensor) -> Tensor:
    """A number for each image, to be multiplied with images."""
    return each.reshape(-1, *[1] * (like.ndim - 1))
