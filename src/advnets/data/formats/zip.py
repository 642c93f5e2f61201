"""A zip of images, read one file at a time into memory and never unpacked to disk."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from advnets.data.archive import (
    BROKEN,
    ZIP_METHODS,
    bomb,
    in_memory,
    is_junk_path,
    plain_path,
    refusal,
    unpacked_limit,
    without_files,
)
from advnets.data.formats.format import Format, Place
from advnets.data.pictures import Entry, Pictures
from advnets.data.side_files import is_side
from advnets.data.source import Source, file_identity, lazy_source, pictures_source
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

_STEP = 1 << 20
_ZIP = "a zip of images"


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
        raise bomb(path)
    folders = [each.filename for each in infos if each.is_dir()]
    infos = [each for each in infos if not each.is_dir() and not is_junk_path(each.filename)]
    infos.sort(key=lambda each: plain_path(each.filename))
    empty = without_files(folders, {plain_path(each.filename).rpartition("/")[0] for each in infos})
    return Pictures(path.name, lambda: _zip_entries(path, infos), len(infos), is_side, empty=lambda: empty)


def _zip_entries(path: Path, infos: list[zipfile.ZipInfo]) -> Iterator[Entry | Skipped]:
    with zipfile.ZipFile(path) as archive:
        for info in infos:
            reason = refusal(info.filename, info.file_size)
            if info.compress_type not in ZIP_METHODS:  # Python unpacks the others without any limit
                reason = reason or "packed by a method other than deflate"
            yield skip(info.filename, reason) if reason else _zip_entry(archive, info)


def _zip_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry | Skipped:
    try:
        with archive.open(info) as file:
            data = _declared(file, info.file_size)
    except RuntimeError as error:
        return skip(info.filename, f"cannot be unpacked ({error})")
    except BROKEN as error:
        return skip(info.filename, f"broken in the archive ({error})")
    return in_memory(info.filename, data)


def _declared(file: IO[bytes], size: int) -> bytes:
    """What an entry holds, up to the size that it declares and the limits have seen.

    In steps, since `ZipFile.read` unpacks a whole entry before it looks at the size.
    """
    parts: list[bytes] = []
    while size > 0 and (part := file.read(min(size, _STEP))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _recognize(place: Place) -> Source | None:
    path = place.path
    if not place.head.startswith(b"PK"):
        return None
    identity = file_identity(path)
    return lazy_source(path.name, identity, lambda: pictures_source(path.name, [], zip_pictures(path)), _ZIP)


FORMAT = Format("a zip", _recognize)
