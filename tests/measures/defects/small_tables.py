"""Small tables to damage: smooth random images of any shape, with classes."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from advnets.data import ImageTable
from advnets.measures.defects.originals import Originals, parted


def table_of(shape: tuple[int, int, int], count: int = 600, classes: int = 4) -> ImageTable:
    """Grainy blobs whose brightness says their class, a third of them for tests."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % classes
    blobs = gaussian_filter(rng.normal(size=(count, *shape)), (0, 0, 2, 2)) * 400
    values = blobs + 15 * rng.normal(size=blobs.shape) + 90 + 20 * labels[:, None, None, None]
    rows = np.arange(count)
    splits = {"train": rows[rows % 3 > 0], "test": rows[rows % 3 == 0], "valid": rows[:0]}
    names = tuple(map(str, range(classes)))
    pixels = np.clip(values, 0, 255).astype(np.uint8)
    return ImageTable(pixels, labels.astype(np.int64), names, f"blobs {shape} {count}", "blobs", (), splits)


def originals_of(shape: tuple[int, int, int], count: int = 60, seed: int = 0) -> Originals:
    """As many of them to damage, with images of noise as those of another table."""
    table = table_of(shape)
    parts = parted(table, "test", count, seed)
    others = np.random.default_rng(1).integers(0, 256, (50, *shape), dtype=np.uint8)
    return Originals(table, parts.pool, count, parts.searched, seed, others)
