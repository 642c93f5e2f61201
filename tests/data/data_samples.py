"""What the tests of the data share: files made to order."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def save_images(folder: Path, images: np.ndarray, suffix: str = ".png") -> list[Path]:
    """Writes arrays as numbered image files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04d}{suffix}" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return paths


def _png(width: int, height: int, bits: int, color_type: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bomb(width: int, height: int) -> bytes:
    """A PNG that declares a size without holding its pixels."""
    return _png(width, height, 1, 0, bytes(9))


def deep_png(values: np.ndarray, color_type: int) -> bytes:
    """A PNG of 16 bits and several channels, H x W x C, which Pillow does not write."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return _png(values.shape[1], values.shape[0], 16, color_type, rows)
