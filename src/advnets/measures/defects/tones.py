"""Defects of single pixels: noise, and gray values that are no longer what they were."""

from __future__ import annotations

import numpy as np

from advnets.measures.defects.defect import Block, to_bytes
from advnets.measures.defects.draws import normal, uniform
from advnets.measures.defects.originals import Images


def noise(block: Block, deviation: float) -> Images:
    """Gaussian noise in every value; its standard deviation is a share of the way from black to white."""
    drawn = normal(block.seed, "noise", block.rows, block.images[0].size)
    return to_bytes(block.values + 255 * deviation * drawn.reshape(block.images.shape))


def salt_and_pepper(block: Block, share: float) -> Images:
    """A share of the pixels, black or white."""
    count, _, height, width = block.images.shape
    drawn = uniform(block.seed, "salt and pepper", block.rows, height * width).reshape(count, 1, height, width)
    white = uniform(block.seed, "salt", block.rows, height * width).reshape(count, 1, height, width) < 0.5
    return np.where(drawn < share, np.where(white, 255, 0), block.images).astype(np.uint8)


def threshold(block: Block, share: float) -> Images:
    """A mixture of the image and of itself in black and white, cut at half; 1 is black and white alone."""
    cut = np.where(block.images > 127, 255, 0)
    return to_bytes((1 - share) * block.values + share * cut)


def gray_levels(block: Block, levels: float) -> Images:
    """So many values between black and white, evenly spaced; whole numbers of them."""
    steps = round(levels) - 1
    return to_bytes(np.rint(block.values * (steps / 255)) * (255 / steps))


def contrast(block: Block, lost: float) -> Images:
    """Values drawn towards the image's mean, by a share of the way."""
    mean = block.values.mean((1, 2, 3), keepdims=True)
    return to_bytes(block.values + lost * (mean - block.values))


def brightness(block: Block, added: float) -> Images:
    """The same added to every value, as a share of white."""
    return to_bytes(block.values + 255 * added)


def gamma(block: Block, exponent: float) -> Images:
    """Values raised to a power, black and white staying as they are: darker above 1."""
    return to_bytes(255 * (block.values / 255) ** exponent)
