"""MNIST's format, idx, plain or packed: a file of images, with labels beside it, or a folder of the four files.

Source: LeCun, Cortes and Burges, *The MNIST database of handwritten digits*, "File formats".
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from advnets.data.archive import BROKEN, unpacked_limit, unpacking
from advnets.data.blocks import Blocks, rows_per_block, with_ranges
from advnets.data.formats.format import Format, Place
from advnets.data.source import Labels, Source, blocks_source, file_identity
from advnets.errors import DataError

IDX_TRAIN, IDX_TEST = "train", "t10k"
VALID_SHARE = 6  # 10,000 of MNIST's 60,000 training images, as in the paper
_IDX = "idx images"


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


def idx_folder(folder: Path, classes: tuple[str, ...] = (), identity: list[object] | None = None) -> Source | None:
    """A folder of MNIST's four files, or as many as there are; None if it holds no training images.

    Args:
        identity: what the cache recognizes it by; by default the files.
    """
    train, test = (idx_file(folder, part, "images") for part in (IDX_TRAIN, IDX_TEST))
    if train is None:
        return None
    parts = [IDX_TRAIN] if test is None else [IDX_TRAIN, IDX_TEST]
    images = [train] if test is None else [train, test]
    labels = [path for part in parts if (path := idx_file(folder, part, "labels"))]
    blocks = idx_blocks(folder.name, images)
    if test is not None:
        blocks = with_ranges(blocks, idx_blocks(folder.name, [train]).count, VALID_SHARE)
    read = (lambda: {"label": Labels(idx_labels(labels), classes)}) if len(labels) == len(images) else None
    return blocks_source(folder.name, identity or file_identity(*images, *labels), blocks, read, format=_IDX)


def _recognize(place: Place) -> Source | None:
    path = place.path
    if place.is_folder:
        return idx_folder(path)
    if _read_header(io.BytesIO(place.unpacked_head)) is None:
        return None
    beside = idx_sibling(path)
    read = (lambda: {"label": Labels(idx_labels([beside]))}) if beside else None
    identity = file_identity(path, *([beside] if beside else []))
    return blocks_source(path.name, identity, idx_blocks(path.name, [path]), read, format=_IDX)


FORMAT = Format("idx", _recognize)
