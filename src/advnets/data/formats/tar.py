"""A tar of images, plain or packed, read one file at a time into memory and never unpacked to disk."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

from advnets.data.archive import BROKEN, in_memory, is_junk_path, refusal, unpacking
from advnets.data.formats.format import Format, Place
from advnets.data.pictures import Entry, Pictures
from advnets.data.side_files import is_side
from advnets.data.source import Source, file_identity, pictures_source
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

_MAGIC = slice(257, 262)  # "ustar" in the first header
_TAR = "a tar of images"


def tar_pictures(path: Path) -> Pictures:
    """The files of a tar, plain or packed by gzip, bzip2 or xz, in the order of their names."""
    return Pictures(path.name, lambda: _tar_entries(path), None, is_side, in_order=True)


def _tar_entries(path: Path) -> Iterator[Entry | Skipped]:
    count = 0
    try:
        with unpacking(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                count += 1
                if not member.isdir() and not is_junk_path(member.name):
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


def is_tar(place: Place) -> bool:
    """Whether a file is a tar, plain or packed."""
    return not place.is_folder and place.unpacked_head[_MAGIC] == b"ustar"


def _recognize(place: Place) -> Source | None:
    if not is_tar(place):
        return None
    return pictures_source(place.path.name, file_identity(place.path), tar_pictures(place.path), format=_TAR)


FORMAT = Format("a tar", _recognize)
