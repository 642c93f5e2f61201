"""NumPy's files: .npy, and .npz with images and what goes with them."""

from __future__ import annotations

import zipfile

from advnets.data.archive import BROKEN
from advnets.data.arrays import array_blocks, arrays_source, read_npy, read_npz
from advnets.data.formats.format import Format, Place
from advnets.data.source import Source, blocks_source, file_identity, lazy_source


def _recognize(place: Place) -> Source | None:
    path, channels = place.path, place.options.channels
    if place.head.startswith(b"\x93NUMPY"):
        blocks = array_blocks(path.name, read_npy(path), channels)
        return blocks_source(path.name, file_identity(path), blocks, format="a .npy of images")
    if not place.head.startswith(b"PK") or not _is_npz(place):
        return None

    def find() -> Source:
        return arrays_source(path.name, [], read_npz(path), channels, "a .npz of images")

    return lazy_source(path.name, file_identity(path), find, "a .npz of images")


def _is_npz(place: Place) -> bool:
    if place.path.suffix == ".npz":
        return True
    try:
        with zipfile.ZipFile(place.path) as archive:
            names = archive.namelist()
    except BROKEN:
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


FORMAT = Format("a .npy or .npz", _recognize)
