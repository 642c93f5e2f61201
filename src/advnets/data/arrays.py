"""NumPy arrays, in memory or in .npy and .npz files, which are never unpickled."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.blocks import Blocks, rows_per_block
from advnets.data.layout import axes_of, to_nchw
from advnets.data.members import Member, no_images
from advnets.data.npz import UNREADABLE, array_header, npz_members, unreadable
from advnets.data.source import Labels, Source, blocks_source
from advnets.errors import DataError

IMAGE_KEYS = ("x", "X", "images", "image", "data", "arr_0")
VECTOR_KEY = "vectors"
LABEL_KEYS = ("y", "Y", "labels", "label", "targets", "arr_1")


@dataclass(frozen=True, eq=False)
class Arrays:
    """Arrays that belong together, as they were given.

    Args:
        images: of any type and layout that `array_blocks` takes, or points.
        labels: one integer or text an image, or None.
        vectors: floats, N x V, or None.
    """

    images: NDArray[Any]
    labels: NDArray[Any] | None = None
    vectors: NDArray[Any] | None = None


def arrays_of(name: str, images: NDArray[Any], labels: NDArray[Any] | None, vectors: NDArray[Any] | None) -> Arrays:
    """Arrays whose labels are vectors where they are floats, N x V.

    Raises:
        DataError: two arrays of vectors.
    """
    if labels is None or labels.dtype.kind != "f" or labels.ndim != 2:
        return Arrays(images, labels, vectors)
    if vectors is not None:
        raise DataError(f"{name}: vectors twice, as labels and as {VECTOR_KEY}", "leave one of them out")
    return Arrays(images, None, labels)


def read_npy(path: Path) -> NDArray[Any]:
    """Maps a .npy file.

    Raises:
        DataError: it is no array of plain numbers, or declares others than it has.
    """
    try:
        with path.open("rb") as file:
            shape, _, dtype = array_header(file)
            left = path.stat().st_size - file.tell()
        mapped = math.prod(max(1, side) for side in shape)  # NumPy multiplies in 64 bits, whichever sides are 0
        if not dtype.hasobject and (math.prod(shape) * dtype.itemsize > left or mapped * dtype.itemsize >= 2**63):
            raise ValueError(f"it declares {shape} of {dtype}, which is not what it holds")
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def read_npz(path: Path) -> Arrays:
    """Images or points, and labels and vectors if there are any, of a .npz file, all of it in memory.

    Raises:
        DataError: it is broken, unpacks beyond the limit, or holds no array under a usual name.
    """
    members = {each.name: each for each in npz_members(path)}
    images, labels, vectors = (_first(members, keys) for keys in (IMAGE_KEYS, LABEL_KEYS, (VECTOR_KEY,)))
    if images is None:
        raise no_images(str(path), list(members.values()))
    return arrays_of(path.name, images, labels, vectors)


def _first(members: Mapping[str, Member], keys: Sequence[str]) -> NDArray[Any] | None:
    return next((members[key].whole() for key in keys if key in members), None)


def arrays_source(name: str, identity: list[object], given: Arrays, channels: int | None, format: str) -> Source:
    """Arrays that belong together, as a source."""
    labels = given.labels
    read = None if labels is None else lambda: {"label": Labels(labels)}
    blocks = array_blocks(name, given.images, channels)
    return blocks_source(name, identity, blocks, read, given.vectors, format=format)


def array_blocks(name: str, images: NDArray[Any], channels: int | None = None) -> Blocks:
    """A stream of blocks out of an array.

    Args:
        images: numbers; N x H x W, N x H x W x C or N x C x H x W with C of 1 to 4.
        channels: decides the layout where both would do.

    Raises:
        DataError: no numbers, or another shape.
    """
    if images.dtype.kind not in "fbui":
        raise DataError(f"{name}: pixels of type {images.dtype}", "give numbers: uint8, or floats from 0 to 1")
    nchw = to_nchw(images, axes_of(name, images.shape, channels))
    step = rows_per_block(int(np.prod(nchw.shape[1:])) * max(4, images.dtype.itemsize))

    def stream() -> Iterator[NDArray[Any]]:
        for start in range(0, len(nchw), step):
            yield nchw[start : start + step]

    return Blocks(name, stream, len(nchw))
