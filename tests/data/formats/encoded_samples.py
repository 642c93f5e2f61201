"""What the tests of formats with encoded images share: ten images, and the table that a folder of them gives."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from advnets.data import ImageTable, open_table

KINDS = ("cat", "dog")


def png(value: int) -> bytes:
    """An image of 8 x 8, another for each value."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(value).integers(0, 256, (8, 8, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def photos() -> dict[str, bytes]:
    """Ten image files in the folders of two classes."""
    return {f"{KINDS[n // 5]}/{n:04d}.png": png(n) for n in range(10)}


def in_folder(place: Path, files: dict[str, bytes] | None = None) -> Path:
    """The files, ten by default, in a folder."""
    for name, content in (files or photos()).items():
        (place / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "photos" / name).write_bytes(content)
    return place / "photos"


def expected(place: Path) -> ImageTable:
    """The ten images' table as it comes from a folder."""
    return open_table(in_folder(place / "as folder"), progress=False)


def classes_of(table: ImageTable) -> list[str]:
    """The class of each row; "" where it has none."""
    assert table.labels is not None
    return ["" if label < 0 else table.classes[label] for label in table.labels]
