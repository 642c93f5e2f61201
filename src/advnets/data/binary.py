"""The binary formats of MNIST (idx, plain or packed) and CIFAR-10 (batches of 3,073 bytes an image)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from advnets.data.archive import BROKEN, unpacked_limit, unpacking
from advnets.data.blocks import Blocks, rows_per_block
from advnets.errors import DataError

CIFAR_ROW = 1 + 3 * 32 * 32
CIFAR_TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
CIFAR_TEST = "test_batch.bin"
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
IDX_TRAIN, IDX_TEST = "train", "t10k"


def idx_shape(path: Path) -> tuple[int, ...] | None:
    """The shape that an idx file of unsigned bytes declares; None if it is no such file."""
    try:
        with unpacking(path) as file:
            return _read_header(file)
    except BROKEN:
        return None


def _read_header(file: IO[bytes]) -> tuple[int, ...] | None:
    head = file.read(4)
    if len(head) < 4 or head[:3] != b"\0\0\x08" or not 1 <= head[3] <= 4:
        return None
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        return None
    return tuple(int(size) for size in np.frombuffer(sizes, ">u4"))


def idx_blocks(name: str, paths: Sequence[Path]) -> Blocks:
    """The images of idx files, one after the other.

    Raises:
        DataError: a file does not hold images; while reading, one that breaks off.
    """
    shapes = [_image_shape(path) for path in paths]
    if len({shape[1:] for shape in shapes}) > 1:
        raise DataError(f"{name}: idx files of different shapes", "give them one at a time")

    def stream() -> Iterator[NDArray[np.uint8]]:
        for path, shape in zip(paths, shapes, strict=True):
            yield from _stream_idx(path, shape)

    return Blocks(name, stream, sum(shape[0] for shape in shapes))


def _image_shape(path: Path) -> tuple[int, int, int]:
    shape = idx_shape(path)
    if shape is None or len(shape) != 3 or 0 in shape:
        raise DataError(f"{path}: not an idx file of gray images", "give a file such as train-images-idx3-ubyte.gz")
    if np.prod(shape, dtype=object) > unpacked_limit(path.stat().st_size):
        raise DataError(f"{path}: declares {shape}, far beyond its size", "download it again")
    return shape[0], shape[1], shape[2]


def _stream_idx(path: Path, shape: tuple[int, int, int]) -> Iterator[NDArray[np.uint8]]:
    count, height, width = shape
    step = rows_per_block(height * width)
    try:
        with unpacking(path) as file:
            _read_header(file)
            for start in range(0, count, step):
                rows = min(step, count - start)
                pixels = np.frombuffer(file.read(rows * height * width), np.uint8)
                if pixels.size < rows * height * width:
                    raise EOFError
                yield pixels.reshape(rows, 1, height, width)
    except BROKEN as error:
        raise DataError(f"{path}: breaks off or is damaged", "download it again") from error


def idx_labels(paths: Sequence[Path]) -> NDArray[np.uint8]:
    """The labels of idx files, one after the other.

    Raises:
        DataError: a file is damaged or does not hold labels.
    """
    parts: list[NDArray[np.uint8]] = []
    for path in paths:
        try:
            with unpacking(path) as file:
                shape = _read_header(file)
                if shape is None or len(shape) != 1:
                    raise EOFError
                parts.append(np.frombuffer(file.read(shape[0]), np.uint8))
        except BROKEN as error:
            raise DataError(f"{path}: not a whole idx file of labels", "remove it, or use labels none") from error
    return np.concatenate(parts)


def idx_file(folder: Path, part: str, what: str) -> Path | None:
    """A folder's "train" or "t10k" file of "images" or "labels", plain or packed, by MNIST's names."""
    digit = 3 if what == "images" else 1
    stems = (f"{part}-{what}-idx{digit}-ubyte", f"{part}-{what}.idx{digit}-ubyte")
    paths = [folder / (stem + suffix) for stem in stems for suffix in ("", ".gz")]
    return next((path for path in paths if path.is_file()), None)


def idx_sibling(path: Path) -> Path | None:
    """The labels that lie beside an idx file of images, if its name and theirs are MNIST's."""
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    stem = name.removesuffix(".gz")
    siblings = (path.with_name(name), path.with_name(stem), path.with_name(stem + ".gz"))
    return next((other for other in siblings if other != path and other.is_file()), None)


def cifar_blocks(name: str, paths: Sequence[Path]) -> Blocks:
    """The images of CIFAR-10's binary batches, one after the other.

    Raises:
        DataError: a file is no whole number of images.
    """
    for path in paths:
        if not is_cifar(path):
            raise DataError(f"{path}: not a whole CIFAR-10 batch ({CIFAR_ROW} bytes an image)", "download it again")

    def stream() -> Iterator[NDArray[np.uint8]]:
        for path in paths:
            rows = _map_cifar(path)
            step = rows_per_block(CIFAR_ROW)
            for start in range(0, len(rows), step):
                yield np.array(rows[start : start + step, 1:]).reshape(-1, 3, 32, 32)

    return Blocks(name, stream, sum(path.stat().st_size // CIFAR_ROW for path in paths))


def cifar_labels(paths: Sequence[Path]) -> NDArray[np.uint8]:
    """The labels, 0 to 9, of CIFAR-10's binary batches."""
    return np.concatenate([_map_cifar(path)[:, 0] for path in paths])


def is_cifar(path: Path) -> bool:
    """Whether a file has the size and first label of a CIFAR-10 batch."""
    size = path.stat().st_size
    if size == 0 or size % CIFAR_ROW:
        return False
    return int(_map_cifar(path)[:, 0].max()) < len(CIFAR_CLASSES)


def _map_cifar(path: Path) -> NDArray[np.uint8]:
    return np.memmap(path, np.uint8, "r").reshape(-1, CIFAR_ROW)
