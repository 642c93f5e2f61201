"""Defects of small neighborhoods: sharpness, and the marks that compression, upsampling and gaps leave."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image

from advnets.measures.defects.defect import Block, to_bytes
from advnets.measures.defects.draws import uniform
from advnets.measures.defects.originals import Images

_GRAY = 128


def blur(block: Block, sigma: float) -> Images:
    """A Gaussian filter of every channel, sigma in pixels, edges continued."""
    from scipy.ndimage import gaussian_filter

    return to_bytes(gaussian_filter(block.values, (0, 0, sigma, sigma), mode="nearest"))


def blocks(block: Block, side: float) -> Images:
    """As if from a smaller image: squares of so many pixels a side, each of its mean; at the edges, what is left."""
    height, width = block.images.shape[2:]
    step = round(side)
    rows, columns = np.arange(0, height, step), np.arange(0, width, step)
    tall, wide = np.diff([*rows, height]), np.diff([*columns, width])
    sums = np.add.reduceat(np.add.reduceat(block.values, rows, 2), columns, 3)
    means = sums / (tall[:, None] * wide).astype(np.float32)
    return to_bytes(means.repeat(tall, 2).repeat(wide, 3))


def jpeg(block: Block, quality: float) -> Images:
    """Kept as JPEG of a whole quality from 1 to 100 and read again; other than three channels each by itself."""
    return np.stack([_through_jpeg(image, round(quality)) for image in block.images])


def _through_jpeg(image: Images, quality: int) -> Images:
    if len(image) != 3:
        return np.stack([_kept(plane, quality) for plane in image])
    return _kept(np.ascontiguousarray(image.transpose(1, 2, 0)), quality).transpose(2, 0, 1)


def _kept(pixels: Images, quality: int) -> Images:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.uint8)


def checkerboard(block: Block, strength: float) -> Images:
    """Every other pixel darker, the others brighter, by a share of white: what transposed convolutions leave.

    Source: Odena et al. 2016, Deconvolution and checkerboard artifacts.
    """
    height, width = block.images.shape[2:]
    signs = np.where(np.indices((height, width)).sum(0) % 2, -1.0, 1.0)
    return to_bytes(block.values + 255 * strength * signs)


def patch(block: Block, share: float) -> Images:
    """A share of the area, a rectangle of the image's own aspect anywhere in it, is gray."""
    images = block.images.copy()
    height, width = images.shape[2:]
    tall, wide = (max(1, round(math.sqrt(share) * side)) for side in (height, width))
    places = uniform(block.seed, "patch", block.rows, 2) * [height - tall + 1, width - wide + 1]
    for image, (top, left) in zip(images, places.astype(np.int64), strict=True):
        image[:, top : top + tall, left : left + wide] = _GRAY
    return images
