"""CIFAR's binary versions: one batch, or the folder of all.

    CIFAR-10     3,073 bytes an image: its label, 0 to 9, then 32 x 32 red, green and blue values, row by row
    CIFAR-100    3,074 bytes an image: the coarse label, 0 to 19, the fine one, 0 to 99, then the same

Source: Krizhevsky 2009, *Learning Multiple Layers of Features from Tiny Images*;
https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advnets.data.blocks import Blocks, rows_per_block, with_ranges
from advnets.data.formats.format import Format, Place
from advnets.data.source import Labels, Source, blocks_source, file_identity, lazy_source
from advnets.errors import DataError

CIFAR_BYTES = 3 * 32 * 32
CIFAR_NAMES = {1: "CIFAR-10", 2: "CIFAR-100"}
CIFAR_LIMITS = {1: (10,), 2: (20, 100)}
"""How many classes each label has, by how many labels an image has."""
CIFAR_TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
CIFAR_TEST = "test_batch.bin"
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR_FOLDER = "cifar-10-batches-bin"
VALID_SHARE = 5  # 10,000 of CIFAR-10's 50,000, as in the authors' code
_CIFAR = "CIFAR-10 batches"


def cifar_folder(folder: Path, identity: list[object] | None = None) -> Source | None:
    """A folder of CIFAR-10's binary batches, or as many as there are; None if it holds none."""
    train = [folder / name for name in CIFAR_TRAIN if (folder / name).is_file()]
    test = [folder / name for name in (CIFAR_TEST,) if (folder / name).is_file()]
    if not train and not test:
        return None
    known = identity or file_identity(*train, *test)
    return lazy_source(folder.name, known, lambda: _cifar_source(folder.name, train, test), _CIFAR)


def _cifar_source(name: str, train: list[Path], test: list[Path]) -> Source:
    blocks = cifar_blocks(name, train + test)
    if train and test:
        blocks = with_ranges(blocks, cifar_blocks(name, train).count, VALID_SHARE)
    return blocks_source(name, [], blocks, _labels(train + test), format=_CIFAR)


def _labels(paths: Sequence[Path]) -> Callable[[], dict[str, Labels]]:
    return lambda: {"label": Labels(cifar_labels(paths), CIFAR_CLASSES)}


def cifar_blocks(name: str, paths: Sequence[Path], labels: int = 1) -> Blocks:
    """The images of CIFAR's binary batches, one after the other.

    Args:
        name: what they are called in messages.
        paths: the batches.
        labels: bytes of labels before an image: 1 of CIFAR-10, 2 of CIFAR-100.

    Raises:
        DataError: a file is no whole number of images.
    """
    row = labels + CIFAR_BYTES
    for path in paths:
        if not holds_rows(path, CIFAR_LIMITS[labels]):
            what = f"{path}: not a whole {CIFAR_NAMES[labels]} batch ({row} bytes an image)"
            raise DataError(what, "download it again")

    def stream() -> Iterator[NDArray[np.uint8]]:
        for path in paths:
            rows = _mapped(path, row)
            step = rows_per_block(row)
            for start in range(0, len(rows), step):
                yield np.array(rows[start : start + step, labels:]).reshape(-1, 3, 32, 32)

    return Blocks(name, stream, sum(path.stat().st_size // row for path in paths))


def cifar_labels(paths: Sequence[Path], labels: int = 1, place: int = 0) -> NDArray[np.uint8]:
    """The labels at a place of those before each image."""
    return np.concatenate([_mapped(path, labels + CIFAR_BYTES)[:, place] for path in paths])


def holds_rows(path: Path, limits: tuple[int, ...]) -> bool:
    """Whether a file has the size of such batches, and labels below these limits."""
    size, row = path.stat().st_size, len(limits) + CIFAR_BYTES
    if size == 0 or size % row:
        return False
    rows = _mapped(path, row)
    return all(int(rows[:, place].max()) < limit for place, limit in enumerate(limits))


def _mapped(path: Path, row: int) -> NDArray[np.uint8]:
    return np.memmap(path, np.uint8, "r").reshape(-1, row)


def _recognize(place: Place) -> Source | None:
    path = place.path
    if place.is_folder:
        return cifar_folder(path) or cifar_folder(path / CIFAR_FOLDER)
    if path.suffix != ".bin" or not holds_rows(path, CIFAR_LIMITS[1]):
        return None
    return blocks_source(
        path.name, file_identity(path), cifar_blocks(path.name, [path]), _labels([path]), format=_CIFAR
    )


FORMAT = Format("a CIFAR-10 batch", _recognize)
