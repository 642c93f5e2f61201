"""NumPy's .npy: an array of images, mapped from disk."""

from __future__ import annotations

from advnets.data.arrays import array_blocks, read_npy
from advnets.data.formats.format import Format, Place
from advnets.data.source import Source, blocks_source

MAGIC = b"\x93NUMPY"


def _recognize(place: Place) -> Source | None:
    path = place.path
    if not place.head.startswith(MAGIC):
        return None
    blocks = array_blocks(path.name, read_npy(path), place.options.channels)
    return blocks_source(path.name, place.identity(path), blocks, format="a .npy of images")


FORMAT = Format("a .npy", _recognize)
