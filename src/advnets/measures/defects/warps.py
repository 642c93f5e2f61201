"""Defects of place: everything is there, but not where it was."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from advnets.measures.defects.defect import Block, to_bytes
from advnets.measures.defects.draws import first_share, normal, signs, uniform
from advnets.measures.defects.originals import Images, Originals

_COARSE = 4  # random displacements along a side, between which they are smooth
_DIRECTIONS = np.array([(1, 0), (-1, 0), (0, 1), (0, -1)])

Floats = npt.NDArray[np.float64]


def shift(block: Block, pixels: float) -> Images:
    """Up, down, left or right by so many pixels, edges continued."""
    ways = _DIRECTIONS[(4 * uniform(block.seed, "shift", block.rows)).astype(np.int64)] * pixels
    y, x = _places(block)
    return _sampled(block, y + ways[:, :1, None], x + ways[:, 1:, None])


def rotation(block: Block, degrees: float) -> Images:
    """Turned about its middle, one way or the other, edges continued."""
    angle = np.deg2rad(degrees) * signs(block.seed, "rotation", block.rows)[:, None, None]
    (y, x), (cy, cx) = _places(block), _middle(block)
    y, x = y - cy, x - cx
    return _sampled(block, cy + np.cos(angle) * y + np.sin(angle) * x, cx + np.cos(angle) * x - np.sin(angle) * y)


def zoom(block: Block, more: float) -> Images:
    """Larger by a share of its size, what leaves the frame cut off."""
    (y, x), (cy, cx) = _places(block), _middle(block)
    return _sampled(block, cy + (y - cy) / (1 + more), cx + (x - cx) / (1 + more))


def shear(block: Block, slant: float) -> Images:
    """Each row of pixels moved by so many pixels more than the one below, one way or the other, edges continued."""
    (y, x), (cy, _) = _places(block), _middle(block)
    return _sampled(block, y, x + slant * signs(block.seed, "shear", block.rows)[:, None, None] * (y - cy))


def elastic(block: Block, pixels: float) -> Images:
    """Warped by smooth random displacements, so many pixels in the root mean square of each image.

    Source: Simard et al. 2003, section 2, in its effect.
    """
    count, (height, width) = len(block.images), block.images.shape[2:]
    drawn = normal(block.seed, "elastic", block.rows, 2 * _COARSE**2).reshape(count, 2, _COARSE, _COARSE)
    smooth = F.interpolate(torch.from_numpy(drawn), (height, width), mode="bicubic", align_corners=True).numpy()
    moved = pixels * smooth / np.sqrt(np.square(smooth).sum(1).mean((1, 2)))[:, None, None, None]
    y, x = _places(block)
    return _sampled(block, y + moved[:, 0], x + moved[:, 1])


def mirrored(originals: Originals, share: float) -> Images:
    """A share of the images, left and right exchanged."""
    images, chosen = originals.images(), first_share(originals.seed, "mirrored", originals.rows, share)
    images[chosen] = images[chosen][..., ::-1]
    return images


def _places(block: Block) -> tuple[Floats, Floats]:
    """Where each pixel is: its row and its column, 1 x H x W."""
    height, width = block.images.shape[2:]
    y, x = np.mgrid[:height, :width].astype(np.float64)
    return y[None], x[None]


def _middle(block: Block) -> tuple[float, float]:
    height, width = block.images.shape[2:]
    return (height - 1) / 2, (width - 1) / 2


def _sampled(block: Block, y: Floats, x: Floats) -> Images:
    """The images at these places, in pixels, n or 1 x H x W, beyond the edges as at them.

    Between pixels bicubic: what is bilinear is blurred, and digits that are turned by 10 degrees so are three times as
    far from real ones for the blur as they are for the turn.
    """
    count, _, height, width = block.images.shape
    grid = np.stack(np.broadcast_arrays((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), -1)
    places = torch.from_numpy(np.broadcast_to(grid, (count, height, width, 2)).copy())
    images: Tensor = torch.from_numpy(block.images).double()
    with torch.autocast("cpu", enabled=False):
        found = F.grid_sample(images, places, mode="bicubic", padding_mode="border", align_corners=False)
    return to_bytes(found.numpy())
