"""Folders laid out as MNIST's or CIFAR-10's are: training and test files under their published names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from advnets.data.binary import (
    CIFAR_CLASSES,
    CIFAR_TEST,
    CIFAR_TRAIN,
    IDX_TEST,
    IDX_TRAIN,
    cifar_blocks,
    cifar_labels,
    idx_blocks,
    idx_file,
    idx_labels,
)
from advnets.data.blocks import Blocks
from advnets.data.source import Source, blocks_source, file_identity, lazy_source

IDX_VALID_SHARE = 6  # 10,000 of MNIST's 60,000 training images, as in the paper
CIFAR_VALID_SHARE = 5  # 10,000 of CIFAR-10's 50,000, as in the authors' code


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
        count = idx_blocks(folder.name, [train]).count
        blocks = _with_ranges(blocks, count, IDX_VALID_SHARE)
    read = (lambda: idx_labels(labels)) if len(labels) == len(images) else None
    return blocks_source(folder.name, identity or file_identity(*images, *labels), blocks, read, classes)


def cifar_folder(folder: Path, identity: list[object] | None = None) -> Source | None:
    """A folder of CIFAR-10's binary batches, or as many as there are; None if it holds none."""
    train = [folder / name for name in CIFAR_TRAIN if (folder / name).is_file()]
    test = [folder / name for name in (CIFAR_TEST,) if (folder / name).is_file()]
    if not train and not test:
        return None
    known = identity or file_identity(*train, *test)
    return lazy_source(folder.name, known, lambda: _cifar_source(folder.name, train, test))


def _cifar_source(name: str, train: list[Path], test: list[Path]) -> Source:
    blocks = cifar_blocks(name, train + test)
    if train and test:
        blocks = _with_ranges(blocks, cifar_blocks(name, train).count, CIFAR_VALID_SHARE)
    return blocks_source(name, [], blocks, lambda: cifar_labels(train + test), CIFAR_CLASSES)


def _with_ranges(blocks: Blocks, training: int, valid_share: int) -> Blocks:
    first_valid = training - training // valid_share
    ranges: Mapping[str, tuple[int, int]] = {
        "train": (0, first_valid),
        "valid": (first_valid, training),
        "test": (training, blocks.count),
    }
    return Blocks(blocks.name, blocks.images, blocks.count, ranges)
