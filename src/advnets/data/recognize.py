"""Which kind of source an argument is: a known name, or what the content of a path tells."""

from __future__ import annotations

import difflib
import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advnets.data.archive import BROKEN, tar_pictures, unpacking, zip_pictures
from advnets.data.arrays import Arrays, array_blocks, arrays_of, read_npy, read_npz
from advnets.data.binary import (
    CIFAR_CLASSES,
    cifar_blocks,
    cifar_labels,
    idx_blocks,
    idx_labels,
    idx_shape,
    idx_sibling,
    is_cifar,
)
from advnets.data.blocks import rows_per_block
from advnets.data.folder import list_folder
from advnets.data.layouts import cifar_folder, idx_folder
from advnets.data.named import CIFAR10, NAMED, named_source
from advnets.data.options import Options
from advnets.data.source import Source, blocks_source, file_identity, lazy_source, pictures_source
from advnets.errors import DataError

TAR_MAGIC = slice(257, 262)  # "ustar" in the first header
Given = str | Path | NDArray[Any] | tuple[NDArray[Any], ArrayLike]
"""A known name, a path, images in memory, or a pair of images and their labels or vectors."""

KINDS = "a folder, a zip or tar, a .npy or .npz, idx, or a CIFAR-10 batch"


def recognize(source: Given, options: Options, cache: Path) -> Source:
    """The source behind an argument of `open_table`. A known name goes before a path (then write ./mnist).

    Raises:
        DataError: there is no such thing, or it is of no known kind.
    """
    if isinstance(source, np.ndarray):
        return _arrays_source(Arrays(source), options)
    if isinstance(source, tuple):
        images, labels = source
        return _arrays_source(arrays_of("array", images, np.asarray(labels), None), options)
    if isinstance(source, str) and source in NAMED:
        return named_source(source, cache, progress=options.progress)
    path = Path(source).expanduser()
    try:
        if path.is_dir():
            return _folder_source(path)
        if path.is_file():
            return _file_source(path, options)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})", "check the path and its permissions") from error
    raise _nothing_there(str(source))


def _nothing_there(source: str) -> DataError:
    close = difflib.get_close_matches(source.lower(), NAMED, n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    names = ", ".join(name for name in NAMED if ":" not in name)  # other folds of a set go without saying
    return DataError(f"{source}: no such file or folder", f"{guess}give {KINDS}, or one of {names}")


def _folder_source(folder: Path) -> Source:
    folder = folder.resolve()
    published = cifar_folder(folder) or cifar_folder(folder / CIFAR10.folder) or idx_folder(folder)
    if published:
        return published
    listing = list_folder(folder)
    refused = [[item.name, item.reason] for item in listing.refused]
    identity: list[object] = ["folder", str(listing.root), listing.files, refused]
    return pictures_source(listing.root.name, identity, listing.pictures())


def _file_source(path: Path, options: Options) -> Source:
    with path.open("rb") as file:
        magic = file.read(8)
    known = file_identity(path)
    if magic.startswith(b"\x93NUMPY"):
        return blocks_source(path.name, known, array_blocks(path.name, read_npy(path), options.channels))
    if magic.startswith(b"PK"):
        return lazy_source(path.name, known, lambda: _zip_source(path, options))
    if idx_shape(path) is not None:
        return _idx_source(path)
    if _is_tar(path):
        return pictures_source(path.name, known, tar_pictures(path))
    if path.suffix == ".bin" and is_cifar(path):
        blocks = cifar_blocks(path.name, [path])
        return blocks_source(path.name, known, blocks, lambda: cifar_labels([path]), CIFAR_CLASSES)
    raise DataError(f"{path}: not a source of images", f"give {KINDS}; single images go into a folder")


def _is_npz(path: Path) -> bool:
    if path.suffix == ".npz":
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except BROKEN:
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _is_tar(path: Path) -> bool:
    try:
        with unpacking(path) as file:
            return file.read(TAR_MAGIC.stop)[TAR_MAGIC] == b"ustar"
    except BROKEN:
        return False


def _zip_source(path: Path, options: Options) -> Source:
    if not _is_npz(path):
        return pictures_source(path.name, [], zip_pictures(path))
    given = read_npz(path)
    blocks = array_blocks(path.name, given.images, options.channels)
    return blocks_source(path.name, [], blocks, _reader(given.labels), vectors=given.vectors)


def _idx_source(path: Path) -> Source:
    beside = idx_sibling(path)
    read = (lambda: idx_labels([beside])) if beside else None
    identity = file_identity(path, *([beside] if beside else []))
    return blocks_source(path.name, identity, idx_blocks(path.name, [path]), read)


def _arrays_source(given: Arrays, options: Options) -> Source:
    blocks = array_blocks("array", given.images, options.channels)
    identity = ["array", *_content(given.images)]
    for kind, values in (("labels", given.labels), ("vectors", given.vectors)):
        identity += [] if values is None else [kind, *_content(values)]
    return blocks_source("array", identity, blocks, _reader(given.labels), vectors=given.vectors)


def _reader(labels: NDArray[Any] | None) -> Callable[[], NDArray[Any]] | None:
    return None if labels is None else lambda: labels


def _content(values: NDArray[Any]) -> list[object]:
    """Type, shape and digest of an array."""
    digest = hashlib.sha256()
    step = rows_per_block(values[:1].nbytes)
    for start in range(0, len(values), step):
        digest.update(np.ascontiguousarray(values[start : start + step]).tobytes())
    return [values.dtype.str, values.shape, digest.hexdigest()]
