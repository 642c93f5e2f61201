"""The files in a zip or tar, read one at a time into memory and never unpacked to disk."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from advnets.data.folder import is_junk
from advnets.data.pictures import Entry, Pictures
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

MAX_ENTRY_BYTES = 256 << 20
MAX_RATIO = 200
SMALL_BYTES = 1 << 30
_STEP = 1 << 20
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
PACKED: dict[bytes, Callable[[Path], BinaryIO]] = {
    b"\x1f\x8b": lambda path: cast("BinaryIO", gzip.GzipFile(path)),
    b"BZh": lambda path: cast("BinaryIO", bz2.BZ2File(path)),
    b"\xfd7zXZ": lambda path: cast("BinaryIO", lzma.LZMAFile(path)),  # noqa: SIM115 -- the caller closes it
}
BROKEN = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, OSError, ValueError)


def unpacked_limit(packed: int) -> int:
    """Bytes that a packed file of so many bytes may unpack to: 200 times its size, and 1 GiB in any case."""
    return max(SMALL_BYTES, MAX_RATIO * packed)


def zip_pictures(path: Path) -> Pictures:
    """The files of a zip, sorted by name.

    Raises:
        DataError: it is no zip, or unpacks beyond the limit.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except BROKEN as error:
        raise DataError(f"{path}: not a readable zip ({error})", "download or pack it again") from error
    if sum(info.file_size for info in infos) > unpacked_limit(path.stat().st_size):
        raise _bomb(path)
    infos = sorted((i for i in infos if not i.is_dir() and not _junk(i.filename)), key=lambda i: i.filename)
    return Pictures(path.name, lambda: _zip_entries(path, infos), len(infos))


def _zip_entries(path: Path, infos: list[zipfile.ZipInfo]) -> Iterator[Entry | Skipped]:
    with zipfile.ZipFile(path) as archive:
        for info in infos:
            reason = _refusal(info.filename, info.file_size)
            if info.compress_type not in ZIP_METHODS:  # Python unpacks the others without any limit
                reason = reason or "packed by a method other than deflate"
            yield skip(info.filename, reason) if reason else _zip_entry(archive, info)


def _zip_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry | Skipped:
    try:
        with archive.open(info) as file:
            data = _declared(file, info.file_size)
    except (RuntimeError, NotImplementedError) as error:
        return skip(info.filename, f"cannot be unpacked ({error})")
    except BROKEN as error:
        return skip(info.filename, f"broken in the archive ({error})")
    return _in_memory(info.filename, data)


def _declared(file: IO[bytes], size: int) -> bytes:
    """What an entry holds, up to the size that it declares and the limits have seen.

    In steps, since `ZipFile.read` unpacks a whole entry before it looks at the size.
    """
    parts: list[bytes] = []
    while size > 0 and (part := file.read(min(size, _STEP))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def tar_pictures(path: Path) -> Pictures:
    """The files of a tar, plain or packed by gzip, bzip2 or xz, in the order of the archive."""
    return Pictures(path.name, lambda: _tar_entries(path), None)


def _tar_entries(path: Path) -> Iterator[Entry | Skipped]:
    count = 0
    try:
        with unpacking(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                count += 1
                if not member.isdir() and not _junk(member.name):
                    yield _tar_entry(archive, member)
    except BROKEN as error:
        if count == 0:
            raise DataError(f"{path}: not a readable tar ({error})", "download or pack it again") from error
        yield skip(path.name, f"the archive breaks off after {count} entries ({error})")


def _tar_entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry | Skipped:
    if member.issym() or member.islnk():
        return skip(member.name, "a link in an archive")
    if not member.isreg() or member.issparse():
        return skip(member.name, "not a regular file")
    if reason := _refusal(member.name, member.size):
        return skip(member.name, reason)
    file = archive.extractfile(member)
    assert file is not None
    return _in_memory(member.name, file.read())


def _in_memory(name: str, data: bytes) -> Entry:
    path = str(PurePosixPath(name.replace("\\", "/")))
    return Entry(path, len(data), lambda: io.BytesIO(data))


def _junk(name: str) -> bool:
    return any(is_junk(part) for part in PurePosixPath(name).parts if part != "..")


def _refusal(name: str, size: int) -> str:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or re.match("[A-Za-z]:", name):
        return "a path that leaves the archive"
    if size > MAX_ENTRY_BYTES:
        return f"unpacks to {size:,} bytes, more than {MAX_ENTRY_BYTES:,}"
    return ""


def _bomb(path: Path) -> DataError:
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
            raise _bomb(self._path)
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
