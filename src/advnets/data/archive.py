"""Bounds on what archives and packed files may unpack to, and on where their names may lead."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from advnets.data.pictures import Entry
from advnets.errors import DataError

MAX_ENTRY_BYTES = 256 << 20
MAX_RATIO = 200
SMALL_BYTES = 1 << 30
JUNK = frozenset(
    {"Thumbs.db", "desktop.ini", "__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "Icon\r"}
)
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
PACKED: dict[bytes, Callable[[Path], BinaryIO]] = {
    b"\x1f\x8b": lambda path: cast("BinaryIO", gzip.GzipFile(path)),
    b"BZh": lambda path: cast("BinaryIO", bz2.BZ2File(path)),
    b"\xfd7zXZ": lambda path: cast("BinaryIO", lzma.LZMAFile(path)),  # noqa: SIM115 -- the caller closes it
}
BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, OSError, ValueError, OverflowError,
    RuntimeError,  # an encrypted file; a version or a method that zipfile does not know
)  # fmt: skip
"""What reading a damaged archive or packed file may raise."""


def is_junk(name: str) -> bool:
    """Whether a file or folder is the system's own (hidden files, thumbnails): passed over without a word."""
    return name.startswith(".") or name in JUNK


def unpacked_limit(packed: int) -> int:
    """Bytes that a packed file of so many bytes may unpack to: 200 times its size, and 1 GiB in any case."""
    return max(SMALL_BYTES, MAX_RATIO * packed)


def in_memory(name: str, data: bytes) -> Entry:
    """A file of an archive that has been read."""
    return Entry(plain_path(name), len(data), lambda: io.BytesIO(data))


def plain_path(name: str) -> str:
    """A name in an archive, with slashes, whichever system packed it."""
    return str(PurePosixPath(name.replace("\\", "/")))


def is_junk_path(name: str) -> bool:
    """Whether a name is a system's own, or lies in a folder that is; of an archive, or of a file badly unpacked."""
    if "/" not in name and "\\" not in name:  # this is asked of every file
        return is_junk(name) and name != ".."
    return any(is_junk(part) for part in PurePosixPath(plain_path(name)).parts if part != "..")


def without_files(folders: Iterable[str], holding: Iterable[str]) -> list[str]:
    """Which folders of an archive hold no file, neither in them nor below, sorted.

    Args:
        folders: their names in it.
        holding: the folders in which files lie.
    """
    above = {str(parent) for name in holding for parent in PurePosixPath(name, "file").parents}
    return sorted({plain_path(name) for name in folders if not is_junk_path(name)} - above)


def refusal(name: str, size: int) -> str:
    """Why a file of an archive is not read; empty if it may be."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or re.match("[A-Za-z]:", name):
        return "a path that leaves the archive"
    if size > MAX_ENTRY_BYTES:
        return f"unpacks to {size:,} bytes, more than {MAX_ENTRY_BYTES:,}"
    return ""


def bomb(path: Path) -> DataError:
    """The error of a file that unpacks beyond its limit."""
    limit = unpacked_limit(path.stat().st_size)
    what = f"{path}: refused, it unpacks to more than {limit:,} bytes, {MAX_RATIO} times its size"
    return DataError(what, "if you trust it, unpack it and give the folder")


class _Limited(io.RawIOBase):
    """A stream that refuses to give more than the unpacked limit."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self._path, self._stream = path, stream
        self._left = unpacked_limit(path.stat().st_size)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise bomb(self._path)
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()


def unpacking(path: Path) -> IO[bytes]:
    """Opens a file for reading, unpacking gzip, bzip2 and xz, which are known by their first bytes.

    Raises:
        DataError: while reading, once it has unpacked beyond the limit.
    """
    with path.open("rb") as file:
        magic = file.read(6)
    opener = next((opener for start, opener in PACKED.items() if magic.startswith(start)), None)
    if opener is None:
        return path.open("rb")
    return cast("IO[bytes]", _Limited(path, opener(path)))
