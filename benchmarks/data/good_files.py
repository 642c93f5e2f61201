"""One small, sound source of every format that data are read from, made anew by its own library."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Maker = Callable[[Path], Path]
COUNT, SIDE = 6, 12


def images(count: int = COUNT) -> np.ndarray:
    """uint8, N x 12 x 12 x 3, smooth enough for every codec."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (count, 3, 3, 3), np.uint8)
    return small.repeat(4, 1).repeat(4, 2)


def encoded(image: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    """An image as a file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, **options)
    return file.getvalue()


def _named() -> dict[str, bytes]:
    files = {f"set/{'ab'[n % 2]}/{n}.png": encoded(image) for n, image in enumerate(images())}
    table = "file_name,age,mood\n" + "\n".join(f"{'ab'[n % 2]}/{n}.png,{n},glad" for n in range(COUNT))
    return {**files, "set/metadata.csv": table.encode()}


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _picture(kind: str, suffix: str, **options: object) -> Maker:
    def make(folder: Path) -> Path:
        for number, image in enumerate(images(3)):
            _put(folder / "set" / f"{number}{suffix}", encoded(image, kind, **options))
        return folder / "set" / f"1{suffix}"

    return make


def _pages(folder: Path) -> Path:
    first, *others = (Image.fromarray(image) for image in images())
    file = io.BytesIO()
    first.save(file, "TIFF", save_all=True, append_images=others)
    _put(folder / "set" / "other.png", encoded(images()[0]))
    return _put(folder / "set" / "pages.tif", file.getvalue())


def _deep(folder: Path) -> Path:
    values = images()[:, :, :, 0].astype(np.uint16) * 257
    for number, image in enumerate(values):
        _put(folder / "set" / f"{number}.png", encoded(image))
    return folder / "set" / "2.png"


def _side(name: str, content: bytes) -> Maker:
    def make(folder: Path) -> Path:
        for each, file in _named().items():
            if each.endswith(".png"):
                _put(folder / each, file)
        return _put(folder / "set" / name, content)

    return make


def _zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _named().items():
            archive.writestr(name, content)
    return folder / "set.zip"


def _tar(pack: Callable[[bytes], bytes], suffix: str) -> Maker:
    def make(folder: Path) -> Path:
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w") as archive:
            for name, content in _named().items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return _put(folder / f"set.tar{suffix}", pack(file.getvalue()))

    return make


def _npy(folder: Path) -> Path:
    np.save(folder / "set.npy", images())
    return folder / "set.npy"


def _npz(**arrays: np.ndarray) -> Maker:
    def make(folder: Path) -> Path:
        np.savez_compressed(folder / "set.npz", **arrays)  # type: ignore[arg-type]
        return folder / "set.npz"

    return make


def idx(values: np.ndarray) -> bytes:
    """An idx file of bytes."""
    return b"\0\0\x08" + bytes((values.ndim,)) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def _idx(folder: Path) -> Path:
    _put(folder / "train-labels-idx1-ubyte", idx(np.arange(COUNT, dtype=np.uint8) % 3))
    return _put(folder / "train-images-idx3-ubyte", idx(images()[..., 0]))


def _idx_labels(folder: Path) -> Path:
    _put(folder / "set" / "train-images-idx3-ubyte.gz", gzip.compress(idx(images()[..., 0])))
    return _put(folder / "set" / "train-labels-idx1-ubyte.gz", gzip.compress(idx(np.arange(COUNT, dtype=np.uint8) % 3)))


def _cifar(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.integers(0, 10, (COUNT, 1)), rng.integers(0, 256, (COUNT, 3072))], 1)
    return _put(folder / "data_batch_1.bin", rows.astype(np.uint8).tobytes())


_LABELS = json.dumps({"labels": [[f"{'ab'[n % 2]}/{n}.png", n % 2] for n in range(COUNT)]}).encode()
_ROWS = "\n".join(json.dumps({"file_name": f"{'ab'[n % 2]}/{n}.png", "size": n}) for n in range(COUNT)).encode()
_ATTRIBUTES = "\n".join(["6", "Young Male", *(f"{n}.png 1 -1" for n in range(COUNT))]).encode()

MAKERS: dict[str, Maker] = {
    "png": _picture("PNG", ".png"),
    "jpeg": _picture("JPEG", ".jpg"),
    "webp": _picture("WEBP", ".webp"),
    "avif": _picture("AVIF", ".avif"),
    "jpeg 2000": _picture("JPEG2000", ".jp2"),
    "bmp": _picture("BMP", ".bmp"),
    "gif": _picture("GIF", ".gif"),
    "tiff": _picture("TIFF", ".tif", compression="tiff_lzw"),
    "ppm": _picture("PPM", ".ppm"),
    "tiff pages": _pages,
    "16 bits": _deep,
    "dataset.json": _side("dataset.json", _LABELS),
    "metadata.csv": _side("metadata.csv", _named()["set/metadata.csv"]),
    "metadata.jsonl": _side("metadata.jsonl", _ROWS),
    "list_attr_celeba.txt": _side("list_attr_celeba.txt", _ATTRIBUTES),
    "zip": _zip,
    "tar": _tar(bytes, ""),
    "tar.gz": _tar(gzip.compress, ".gz"),
    "tar.bz2": _tar(bz2.compress, ".bz2"),
    "tar.xz": _tar(lzma.compress, ".xz"),
    "npy": _npy,
    "npz": _npz(x=images(), y=np.arange(COUNT) % 3),
    "idx": _idx,
    "idx labels": _idx_labels,
    "cifar10": _cifar,
}
"""What makes a source of each format: it returns a file to damage; the source is that, or the folder `set` with it."""
