"""What the tests of the formats share."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np

from advnets.data import ImageTable, open_table
from advnets.errors import DataError


def rows(table: ImageTable) -> list[int]:
    """How many rows are for training, validation and test."""
    return [len(table.rows(split)) for split in ("train", "valid", "test")]


def named(table: ImageTable) -> list[str]:
    """The name of each row's class; "" where there is none."""
    assert table.labels is not None
    return [table.classes[number] if number >= 0 else "" for number in table.labels]


def nchw(images: np.ndarray) -> np.ndarray:
    """N x H x W x C as N x C x H x W, gray images as N x 1 x H x W."""
    return images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)


def refused(path: Path | str, **options: str) -> str:
    """The one line that a source is refused with; empty where it is read."""
    error = DataError("", "none")
    try:
        open_table(path, progress=False, **options)  # type: ignore[arg-type]
    except DataError as raised:
        error = raised
    assert error.remedy
    assert "\n" not in str(error)
    return f"{error.what}; {error.remedy}" if error.what else ""


def most_memory() -> int:
    """The most bytes that this process has had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def damage(good: bytes, seed: int) -> bytes:
    """A file with some bytes changed, most of them at its head, and perhaps without its end."""
    rng = np.random.default_rng(seed)
    found = bytearray(good)
    for _ in range(int(rng.choice([1, 1, 2, 4, 16]))):
        place = int(rng.integers(min(len(found), 2048) if rng.random() < 0.6 else len(found)))
        found[place] = int(rng.choice([0, 255, *rng.integers(0, 256, 2)]))
    return bytes(found[: rng.integers(1, len(found))] if rng.random() < 0.2 else found)
