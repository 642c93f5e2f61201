"""CIFAR-10's binary version: batches of 3,073 bytes an image, a file of them or the folder of all six.

Source: Krizhevsky 2009, *Learning Multiple Layers of Features from Tiny Images*; the data set's page, "Binary version".
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

CIFAR_ROW = 1 + 3 * 32 * 32
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


def _recognize(place: Place) -> Source | None:
    path = place.path
    if place.is_folder:
        return cifar_folder(path) or cifar_folder(path / CIFAR_FOLDER)
    if path.suffix != ".bin" or not is_cifar(path):
        return None
    return blocks_source(
        path.name, file_identity(path), cifar_blocks(path.name, [path]), _labels([path]), format=_CIFAR
    )


FORMAT = Format("a CIFAR-10 batch", _recognize)
