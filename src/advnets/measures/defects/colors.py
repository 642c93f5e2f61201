"""Defects of color: of images whose three channels are red, green and blue."""

from __future__ import annotations

import numpy as np

from advnets.measures.defects.defect import Block, to_bytes
from advnets.measures.defects.draws import first_share, signs
from advnets.measures.defects.originals import Images, Originals

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def cast(block: Block, strength: float) -> Images:
    """Red added and blue taken away, each by a share of white."""
    return to_bytes(block.values + 255 * strength * np.array([1.0, 0.0, -1.0])[:, None, None])


def hue(block: Block, degrees: float) -> Images:
    """Colors turned about the gray axis, one way or the other."""
    angle = np.deg2rad(degrees) * signs(block.seed, "hue", block.rows)
    axis = np.full(3, 1 / np.sqrt(3))
    cross = np.cross(np.eye(3), axis)
    turn = (
        np.cos(angle)[:, None, None] * np.eye(3)
        + np.sin(angle)[:, None, None] * cross
        + (1 - np.cos(angle))[:, None, None] * np.outer(axis, axis)
    )
    return to_bytes(np.einsum("nij,njhw->nihw", turn, block.values))


def desaturation(block: Block, share: float) -> Images:
    """Colors drawn towards gray of their own luma, by a share of the way."""
    gray = np.einsum("c,nchw->nhw", _LUMA, block.values)[:, None]
    return to_bytes(block.values + share * (gray - block.values))


def channel_swap(originals: Originals, share: float) -> Images:
    """A share of the images, red and blue exchanged."""
    images, chosen = originals.images(), first_share(originals.seed, "channel swap", originals.rows, share)
    images[chosen] = images[chosen][:, ::-1]
    return images
