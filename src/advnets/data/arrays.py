"""NumPy arrays, in memory or in .npy and .npz files, which are never unpickled."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.archive import ZIP_METHODS, unpacked_limit
from advnets.data.blocks import Blocks, rows_per_block
from advnets.data.source import Labels, Source, blocks_source
from advnets.errors import DataError

IMAGE_KEYS = ("x", "X", "images", "image", "data", "arr_0")
VECTOR_KEY = "vectors"
LABEL_KEYS = ("y", "Y", "labels", "label", "targets", "arr_1")
MAX_CHANNELS = 4
UNREADABLE = (
    OSError, ValueError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error, tokenize.TokenError,
    RuntimeError,  # an encrypted member; a method that zipfile has not, NotImplementedError
)  # fmt: skip


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
        DataError: it is no array of plain numbers.
    """
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def read_npz(path: Path) -> Arrays:
    """Images, and labels and vectors if there are any, of a .npz file.

    Raises:
        DataError: it is broken, unpacks beyond the limit, or holds no images.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            members = arrays.zip.infolist()
            if any(info.compress_type not in ZIP_METHODS for info in members):
                raise DataError(f"{path}: refused, it is packed as NumPy never does", "save it with numpy.savez")
            if sum(info.file_size for info in members) > unpacked_limit(path.stat().st_size):
                raise DataError(f"{path}: refused, it unpacks far beyond its size", "save it with numpy.savez")
            images, labels, vectors = (_first(arrays, keys) for keys in (IMAGE_KEYS, LABEL_KEYS, (VECTOR_KEY,)))
            if images is None:
                found = ", ".join(arrays.files[:8]) or "nothing"
                raise DataError(f"{path}: no images among {found}", "save them under the name x, and labels under y")
            return arrays_of(path.name, images, labels, vectors)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def _first(arrays: Mapping[str, NDArray[Any]], keys: Sequence[str]) -> NDArray[Any] | None:
    return next((arrays[key] for key in keys if key in arrays), None)


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
    nchw = _to_nchw(name, images, channels)
    step = rows_per_block(int(np.prod(nchw.shape[1:])) * max(4, images.dtype.itemsize))

    def stream() -> Iterator[NDArray[Any]]:
        for start in range(0, len(nchw), step):
            yield nchw[start : start + step]

    return Blocks(name, stream, len(nchw))


def _to_nchw(name: str, images: NDArray[Any], channels: int | None) -> NDArray[Any]:
    if images.ndim == 3 and images.size:
        return images[:, None]
    if images.ndim != 4 or not images.size:
        raise DataError(f"{name}: an array of shape {images.shape}", "give N x H x W, N x H x W x C or N x C x H x W")
    first, last = images.shape[1] <= MAX_CHANNELS, images.shape[3] <= MAX_CHANNELS
    if first and last and channels in (images.shape[1], images.shape[3]):
        first, last = images.shape[1] == channels, images.shape[3] == channels
    if last:
        return images.transpose(0, 3, 1, 2)
    if first:
        return images
    raise DataError(f"{name}: an array of shape {images.shape}", f"the channels, 1 to {MAX_CHANNELS}, come 2nd or last")


def _unreadable(path: Path, error: BaseException) -> DataError:
    if "allow_pickle" in str(error) or "Python objects" in str(error):
        return DataError(f"{path}: holds Python objects, which are never unpickled", "save a plain array of numbers")
    return DataError(f"{path}: not a readable NumPy file ({error})", "save it again with numpy.save or numpy.savez")
