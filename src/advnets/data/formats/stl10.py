"""STL-10's binary version: color images of 96 x 96, one of the three files or the folder of all.

    train_X.bin, test_X.bin    27,648 bytes an image: red, green and blue values, each column by column
    train_y.bin, test_y.bin    a byte an image: its label, 1 to 10
    unlabeled_X.bin            images without a label (-1)
    class_names.txt            a line a class

The images without a label are for training, too, where their file is there; `FOLDER:labeled` leaves them out. The ten
folds of fold_indices.txt, which say on which 1,000 training images classifiers are trained, are not used.

Source: Coates, Lee and Ng 2011, *An Analysis of Single Layer Networks in Unsupervised Feature Learning*;
https://cs.stanford.edu/~acoates/stl10, "Binary files".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advnets.data.blocks import Blocks, rows_per_block
from advnets.data.formats.format import Format, Place
from advnets.data.source import Labels, Source, blocks_source, lazy_source
from advnets.data.table import SPLITS
from advnets.errors import DataError

SIDE = 96
ROW = 3 * SIDE * SIDE
FILES = {"train_X.bin": "train", "unlabeled_X.bin": "train", "test_X.bin": "test"}
UNLABELED, LABELED = "unlabeled_X.bin", "labeled"
CLASSES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")
FOLDER = "stl10_binary"
_NAMES = "class_names.txt"
_STL = "STL-10's binary files"


@dataclass(frozen=True)
class _File:
    """A file of images, and that of their labels, if they have some."""

    images: Path
    labels: Path | None

    @property
    def count(self) -> int:
        return self.images.stat().st_size // ROW


def _recognize(place: Place) -> Source | None:
    path = place.path
    if not place.is_folder:
        return _source(place, [path]) if path.name in FILES and _is_likely(path) else None
    for folder in (path, path / FOLDER):
        found = [each for name in FILES if (each := folder / name).is_file()]
        if found and _is_likely(found[0]):
            return _source(place, found)
    return None


def _is_likely(path: Path) -> bool:
    """Whether a file of that name is one of whole images, or has labels beside it."""
    return _is_whole(path) or _labels_of(path) is not None


def _is_whole(path: Path) -> bool:
    size = path.stat().st_size
    return size > 0 and size % ROW == 0


def _source(place: Place, paths: list[Path]) -> Source:
    if place.part not in ("", LABELED):
        raise DataError(f"{place.path}: no part {place.part!r}", f"STL-10 has one, {LABELED}, without unlabeled images")
    files = [_File(path, _labels_of(path)) for path in paths if not place.part or path.name != UNLABELED]
    names = paths[0].with_name(_NAMES)
    known = [each for file in files for each in (file.images, file.labels) if each] + [names] * names.is_file()
    name = place.path.name
    return lazy_source(name, place.identity(*known), lambda: _opened(name, files, names), _STL)


def _labels_of(path: Path) -> Path | None:
    labels = path.with_name(path.name.replace("_X", "_y"))
    return labels if labels.is_file() and path.name != UNLABELED else None


def _opened(name: str, files: list[_File], names: Path) -> Source:
    for file in files:
        if not _is_whole(file.images):
            raise DataError(f"{file.images}: not whole ({ROW:,} bytes an image)", "download it again")

    def stream() -> Iterator[NDArray[np.uint8]]:
        for file in files:
            rows = np.memmap(file.images, np.uint8, "r").reshape(-1, 3, SIDE, SIDE)
            step = rows_per_block(ROW)
            for start in range(0, len(rows), step):
                yield np.array(rows[start : start + step]).transpose(0, 1, 3, 2)

    unlabeled = [file.count for file in files if file.images.name == UNLABELED and len(files) > 1]
    left_out = f"{name}:{LABELED} leaves them out"
    notes = tuple(f"{count:,} images without a label are for training, too; {left_out}" for count in unlabeled)
    blocks = Blocks(name, stream, sum(file.count for file in files), notes=notes)
    has_labels = any(file.labels for file in files)
    labels = (lambda: {"label": Labels(_labels(files), _classes(names))}) if has_labels else None
    return blocks_source(name, [], blocks, labels, None, _splits(files))


def _splits(files: list[_File]) -> Callable[[], NDArray[np.uint8]] | None:
    codes = [SPLITS.index(FILES[file.images.name]) for file in files]
    if len(set(codes)) == 1:
        return None
    return lambda: np.repeat(np.array(codes, np.uint8), [file.count for file in files])


def _labels(files: list[_File]) -> NDArray[np.int64]:
    """0 to 9, and -1 of images without a label."""
    found: list[NDArray[np.int64]] = []
    for file in files:
        if file.labels is None:
            found.append(np.full(file.count, -1, np.int64))
            continue
        values = np.fromfile(file.labels, np.uint8, file.count + 1)
        if len(values) != file.count or values.min() < 1 or values.max() > len(CLASSES):
            what = f"{file.labels}: not a label from 1 to {len(CLASSES)} for each of {file.count:,} images"
            raise DataError(what, "download it again, or use labels none")
        found.append(values.astype(np.int64) - 1)
    return np.concatenate(found)


def _classes(names: Path) -> tuple[str, ...]:
    said = names.read_text("utf-8", "replace").split() if names.is_file() else []
    return tuple(said) if len(set(said)) == len(CLASSES) else CLASSES


FORMAT = Format("", _recognize, parts=True)
