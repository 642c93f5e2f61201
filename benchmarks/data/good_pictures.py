"""Image files, what lies beside them, and archives of them, each made anew by its own library."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms

Maker = Callable[[Path], Path]
"""Makes a source in a folder, and returns the file of it to damage: the source is that, or the folder `set` with it."""
COUNT, SIDE = 6, 12
KINDS = np.arange(COUNT) % 3


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


def named() -> dict[str, bytes]:
    """Images in the folders of two classes, and a table of them."""
    files = {f"set/{'ab'[n % 2]}/{n}.png": encoded(image) for n, image in enumerate(images())}
    table = "file_name,age,mood\n" + "\n".join(f"{'ab'[n % 2]}/{n}.png,{n},glad" for n in range(COUNT))
    return {**files, "set/metadata.csv": table.encode()}


def put(path: Path, content: bytes) -> Path:
    """A file, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _picture(kind: str, suffix: str, **options: object) -> Maker:
    def make(folder: Path) -> Path:
        for number, image in enumerate(images(3)):
            put(folder / "set" / f"{number}{suffix}", encoded(image, kind, **options))
        return folder / "set" / f"1{suffix}"

    return make


def _inside(content: Callable[[], bytes], suffix: str) -> Maker:
    """Three images, and a fourth, of which only a part is made here that is put into it once it is damaged."""

    def make(folder: Path) -> Path:
        for number, image in enumerate(images(3)):
            put(folder / "set" / f"{number}.png", encoded(image))
        return put(folder / "set" / f"3{suffix}", content())

    return make


def profile() -> bytes:
    """An ICC profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _exif() -> bytes:
    found = Image.Exif()
    found[ExifTags.Base.Orientation] = 6
    found[ExifTags.Base.Make] = "a camera"
    found.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAltitude] = 12.5
    return found.tobytes()


def with_profile(content: bytes) -> bytes:
    """A PNG file with an ICC profile."""
    return encoded(images()[1], icc_profile=content)


def with_exif(content: bytes) -> bytes:
    """A JPEG file with such a block of Exif."""
    return encoded(images()[1], "JPEG", exif=content)


def _values(kind: str, suffix: str, change: Callable[[np.ndarray], np.ndarray]) -> Maker:
    """Gray images of deeper values."""

    def make(folder: Path) -> Path:
        for number, image in enumerate(change(images()[..., 0])):
            put(folder / "set" / f"{number}{suffix}", encoded(image, kind))
        return folder / "set" / f"2{suffix}"

    return make


def _pages(folder: Path) -> Path:
    first, *others = (Image.fromarray(image) for image in images())
    file = io.BytesIO()
    first.save(file, "TIFF", save_all=True, append_images=others)
    put(folder / "set" / "other.png", encoded(images()[0]))
    return put(folder / "set" / "pages.tif", file.getvalue())


def _side(name: str, content: bytes) -> Maker:
    """Images, and a file that speaks of them."""

    def make(folder: Path) -> Path:
        for each, file in named().items():
            if each.endswith(".png"):
                put(folder / each, file)
        return put(folder / "set" / name, content)

    return make


def _table_of_columns(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    names = [f"{'ab'[n % 2]}/{n}.png" for n in range(COUNT)]
    pq.write_table(pa.table({"file_name": names, "age": range(COUNT), "mood": ["glad", "sad"] * 3}), file)
    return _side("metadata.parquet", file.getvalue())(folder)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of files, of no date: what is made is the same whenever it is made."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def gzipped(content: bytes) -> bytes:
    """Packed by gzip, of no date."""
    return gzip.compress(content, mtime=0)


def _zip(folder: Path) -> Path:
    return put(folder / "set.zip", zipped(named()))


def tar(files: Mapping[str, bytes]) -> bytes:
    """A tar of files."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def _tar(suffix: str, pack: Callable[[bytes], bytes] = bytes) -> Maker:
    return lambda folder: put(folder / f"set.tar{suffix}", pack(tar(named())))


_LABELS = json.dumps({"labels": [[f"{'ab'[n % 2]}/{n}.png", n % 2] for n in range(COUNT)]}).encode()
_ROWS = "\n".join(json.dumps({"file_name": f"{'ab'[n % 2]}/{n}.png", "size": n}) for n in range(COUNT)).encode()
_ATTRIBUTES = "\n".join(["6", "Young Male", *(f"{n}.png 1 -1" for n in range(COUNT))]).encode()
_PARTS = "\n".join(f"{n}.png {n % 3}" for n in range(COUNT)).encode()

PICTURES: dict[str, Maker] = {
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
    "16 bits": _values("PNG", ".png", lambda gray: gray.astype(np.uint16) * 257),
    "16-bit tiff": _values("TIFF", ".tif", lambda gray: gray.astype(np.uint16) * 257),
    "float tiff": _values("TIFF", ".tif", lambda gray: gray.astype(np.float32) / 255),
    "profile in jpeg": _picture("JPEG", ".jpg", icc_profile=profile()),
    "profile": _inside(profile, ".png"),
    "exif in png": _picture("PNG", ".png", exif=_exif()),
    "exif": _inside(_exif, ".jpg"),
    "dataset.json": _side("dataset.json", _LABELS),
    "metadata.csv": _side("metadata.csv", named()["set/metadata.csv"]),
    "metadata.jsonl": _side("metadata.jsonl", _ROWS),
    "metadata.parquet": _table_of_columns,
    "list_attr_celeba.txt": _side("list_attr_celeba.txt", _ATTRIBUTES),
    "list_eval_partition.txt": _side("list_eval_partition.txt", _PARTS),
    "zip": _zip,
    "tar": _tar(""),
    "tar.gz": _tar(".gz", gzipped),
    "tar.bz2": _tar(".bz2", bz2.compress),
    "tar.xz": _tar(".xz", lzma.compress),
    "tar, packed sound": _tar(".gz"),
}
