"""Defects of some images of a set: among real ones there are others, that are none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from advnets.measures.defects.defect import Damage, parts_of, to_bytes
from advnets.measures.defects.draws import bytes_of, first_share, uniform
from advnets.measures.defects.originals import Images, Indices, Originals

TILES = 4
"""Along a side of a scrambled image."""


def some(purpose: str, make: Callable[[Originals, Indices], Images]) -> Damage:
    """A share of the set replaced.

    Args:
        purpose: what draws which of the images are replaced.
        make: of the originals and the places in the set, what is put there.
    """

    def damage(originals: Originals, share: float) -> Images:
        images = originals.images()
        places = np.flatnonzero(first_share(originals.seed, purpose, originals.rows, share))
        if len(places):
            images[places] = make(originals, places)
        return images

    return damage


def noise_images(originals: Originals, places: Indices) -> Images:
    """Every value evenly distributed."""
    shape = originals.shape
    return bytes_of(originals.seed, "noise images", originals.rows[places], int(np.prod(shape))).reshape(-1, *shape)


def scrambled_images(originals: Originals, places: Indices) -> Images:
    """The same images cut into 4 x 4 tiles, which are laid anew at random; what is left at the edges stays."""
    images = originals.images(originals.rows[places])
    tall, wide = images.shape[2] // TILES, images.shape[3] // TILES
    inner = images[:, :, : TILES * tall, : TILES * wide]
    tiles = inner.reshape(*images.shape[:2], TILES, tall, TILES, wide).transpose(0, 2, 4, 1, 3, 5)
    tiles = tiles.reshape(len(images), TILES**2, *tiles.shape[3:])
    order = uniform(originals.seed, "tiles", originals.rows[places], TILES**2).argsort(1)
    mixed = tiles[np.arange(len(images))[:, None], order].reshape(len(images), TILES, TILES, *tiles.shape[2:])
    images[:, :, : TILES * tall, : TILES * wide] = mixed.transpose(0, 3, 1, 4, 2, 5).reshape(inner.shape)
    return images


def other_images(originals: Originals, places: Indices) -> Images:
    """Images of another table."""
    assert originals.others is not None, "asked only where there are some"
    drawn = uniform(originals.seed, "other images", originals.rows[places])
    return originals.others[(drawn * len(originals.others)).astype(np.int64)]


def blends(originals: Originals, places: Indices) -> Images:
    """Halfway between two images, pixel by pixel: what is interpolated between real ones."""
    return _mixed(originals, places, 0.5)


def memorized(originals: Originals, places: Indices) -> Images:
    """Images that memorization searches, each once for as long as there are new ones."""
    return originals.images(originals.searched[np.arange(len(places)) % len(originals.searched)])


def ghosts(originals: Originals, weight: float) -> Images:
    """Every image with another one shining through, which has so large a share of it."""
    return _mixed(originals, np.arange(len(originals.rows)), weight)


def _mixed(originals: Originals, places: Indices, weight: float) -> Images:
    """The images at these places of the set, each mixed with another one of it, which has this weight."""
    images, partners = originals.images(originals.rows[places]), _partners(originals, places)
    for part in parts_of(images):
        others = originals.images(partners[part]).astype(np.float32)
        images[part] = to_bytes((1 - weight) * images[part].astype(np.float32) + weight * others)
    return images


def _partners(originals: Originals, places: Indices) -> Indices:
    """Of each place in the set, the row of another image of it."""
    rows = originals.rows
    drawn = uniform(originals.seed, "partners", rows[places])
    return rows[(places + 1 + (drawn * (len(rows) - 1)).astype(np.int64)) % len(rows)]
