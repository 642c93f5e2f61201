"""The files of a tar, plain or packed, read one at a time into memory and never unpacked to disk."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

from advnets.data.archive import BROKEN, in_memory, is_junk_path, refusal, unpacking
from advnets.data.pictures import Entry
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

_BLOCK = 512
_MAGIC = slice(257, 262)  # "ustar" in the first header


def is_tar(path: Path) -> bool:
    """Whether a file is a tar, plain or packed by gzip, bzip2 or xz.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with unpacking(path) as file:
            return file.read(_BLOCK)[_MAGIC] == b"ustar"
    except (*BROKEN, DataError) as error:
        if isinstance(error, PermissionError | FileNotFoundError):
            raise
        return False


def tar_entries(path: Path, folders: list[str] | None = None) -> Iterator[Entry | Skipped]:
    """The files of a tar, plain or packed by gzip, bzip2 or xz, in its order.

    Args:
        folders: takes the names of the folders that are met.

    Raises:
        DataError: it breaks off before its first file, or unpacks beyond the limit.
    """
    count, met = 0, [] if folders is None else folders
    try:
        with unpacking(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                count += 1
                archive.members = []  # type: ignore[attr-defined] -- or it keeps a kilobyte for each that has gone by
                if member.isdir():
                    met.append(member.name)
                elif not is_junk_path(member.name):
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
    if reason := refusal(member.name, member.size):
        return skip(member.name, reason)
    file = archive.extractfile(member)
    assert file is not None
    return in_memory(member.name, file.read())
