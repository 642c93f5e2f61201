"""The format idx, plain or packed: an array of any of six types, the sizes of its axes before it, all big-endian.

Source: LeCun, Cortes and Burges, *The MNIST database of handwritten digits*, http://yann.lecun.com/exdb/mnist, "the IDX
file format".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.archive import BROKEN, unpacked_limit, unpacking
from advnets.data.blocks import Blocks, rows_per_block
from advnets.data.classes import joined_labels
from advnets.data.layout import axes_of, chw, to_nchw
from advnets.errors import DataError

TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
"""The type that the third byte says."""
_MOST_AXES = 4


def read_header(file: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...]] | None:
    """Type and shape that an idx file declares, which is read up to its values; None if it is no such file."""
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in TYPES or not 1 <= head[3] <= _MOST_AXES:
        return None
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        return None
    return np.dtype(TYPES[head[2]]), tuple(int(size) for size in np.frombuffer(sizes, ">u4"))


def idx_blocks(name: str, paths: Sequence[Path], channels: int | None = None, transposed: bool = False) -> Blocks:
    """The images of idx files, one after the other.

    Args:
        name: what they are called in messages.
        paths: files of the shape N x H x W, N x H x W x C or N x C x H x W.
        channels: decides the layout where both of the last two would do.
        transposed: whether images lie column by column.

    Raises:
        DataError: a file does not hold images; while reading, one that breaks off.
    """
    found = [_declared(path, channels) for path in paths]
    if len({chw(shape, axes) for _, shape, axes in found}) > 1:
        raise DataError(f"{name}: idx files of different shapes", "give them one at a time")

    def stream() -> Iterator[NDArray[Any]]:
        for path, (dtype, shape, axes) in zip(paths, found, strict=True):
            for values in _pieces(path, dtype, shape):
                images = to_nchw(values, axes)
                yield images.swapaxes(2, 3) if transposed else images

    return Blocks(name, stream, sum(shape[0] for _, shape, _ in found))


def _declared(path: Path, channels: int | None) -> tuple[np.dtype[Any], tuple[int, ...], tuple[int, ...]]:
    dtype, shape = _header(path) or (None, ())
    if dtype is None or len(shape) not in (3, 4) or 0 in shape:
        raise DataError(f"{path}: not an idx file of images", "give a file such as train-images-idx3-ubyte.gz")
    _check_size(path, dtype, shape)
    return dtype, shape, axes_of(str(path), shape, channels)


def _header(path: Path) -> tuple[np.dtype[Any], tuple[int, ...]] | None:
    try:
        with unpacking(path) as file:
            return read_header(file)
    except BROKEN:
        return None


def _check_size(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    if dtype.itemsize * int(np.prod(shape, dtype=object)) > unpacked_limit(path.stat().st_size):
        raise DataError(f"{path}: declares {shape}, far beyond its size", "download it again")


def _pieces(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Iterator[NDArray[Any]]:
    row_bytes = dtype.itemsize * int(np.prod(shape[1:], dtype=object))
    step = rows_per_block(row_bytes)
    try:
        with unpacking(path) as file:
            read_header(file)
            for start in range(0, shape[0], step):
                rows = min(step, shape[0] - start)
                data = file.read(rows * row_bytes)
                if len(data) < rows * row_bytes:
                    raise EOFError
                yield np.frombuffer(data, dtype).reshape(rows, *shape[1:])
    except BROKEN as error:
        raise DataError(f"{path}: breaks off or is damaged", "download it again") from error


def idx_labels(paths: Sequence[Path]) -> NDArray[Any]:
    """The labels of idx files, one after the other: N, or N x M where each image has several.

    Raises:
        DataError: a file is damaged or does not hold labels, or one has several an image and another has not.
    """
    parts: list[NDArray[Any]] = []
    for path in paths:
        dtype, shape = _header(path) or (np.dtype(np.float32), ())
        if dtype.kind == "f" or len(shape) not in (1, 2):
            raise DataError(f"{path}: not a whole idx file of labels", "remove it, or use labels none")
        _check_size(path, dtype, shape)
        none = np.empty((0, *shape[1:]), dtype)
        try:
            parts.append(np.concatenate([none, *_pieces(path, dtype, shape)]))
        except DataError as error:
            what = f"{path}: not a whole idx file of labels"
            raise DataError(what, "remove it, or use labels none") from error
    return joined_labels(str(paths[0].parent), parts)
