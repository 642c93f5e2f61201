"""The files below a folder, without leaving it."""

from __future__ import annotations

import functools
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from advnets.data.archive import is_junk_path
from advnets.data.formats.format import Format, Place
from advnets.data.pictures import Entry, Pictures
from advnets.data.side_files import MAX_BYTES, is_side
from advnets.data.source import Source, pictures_source, sampled_digest
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

_SAMPLED_FILES = 64
_SMALL_BYTES = 1 << 20


@dataclass(frozen=True)
class Listing:
    """What lies below a folder, sorted by path.

    Args:
        root: the folder, links resolved.
        files: of each regular file its path below the root, its size, when it and its inode changed, and its inode.
        refused: links that leave the folder, pipes, folders that cannot be read.
        empty: folders without any file.
    """

    root: Path
    files: list[tuple[str, int, int, int, int]]
    refused: list[Skipped]
    empty: list[str]

    @property
    def identity(self) -> list[object]:
        """What tells whether it is what it was: the facts of all files, and a digest of some bytes of some of them."""
        refused = [[item.name, item.reason] for item in self.refused]
        step = max(1, len(self.files) // _SAMPLED_FILES)
        sampled = [sampled_digest(self.root / name) for name, *_ in self.files[::step]]
        return ["folder", str(self.root), self.files, refused, self.empty, sampled]

    def pictures(self) -> Pictures:
        """The files as images to decode."""
        count = len(self.files) + len(self.refused)
        return Pictures(self.root.name, self.entries, count, is_side, empty=lambda: self.empty)

    def entries(self) -> Iterator[Entry | Skipped]:
        """The files, and what is refused before them."""
        yield from self.refused
        for name, size, *_ in self.files:
            if size > MAX_BYTES and is_side(name):
                yield skip(name, f"a table of more than {MAX_BYTES:,} bytes")
            else:
                yield Entry(name, size, functools.partial(_open, f"{self.root}/{name}", size))


def list_folder(folder: Path) -> Listing:
    """Walks a folder and all its sub-folders.

    Raises:
        DataError: the folder itself cannot be read.
    """
    root = folder.resolve()
    found = Listing(root, [], [], [])
    try:
        os.scandir(root).close()
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror})", "check the path and its permissions") from error
    below = [""]
    while below:
        below += _take_all(root, below.pop(), found)
    refused = sorted(found.refused, key=lambda item: item.name)
    return Listing(root, sorted(found.files), refused, sorted(found.empty))


def _take_all(root: Path, below: str, found: Listing) -> list[str]:
    """Sorts one folder's entries into files and refused; returns its sub-folders."""
    folders: list[str] = []
    before = len(found.files)
    try:
        with os.scandir(root / below) as entries:
            for entry in entries:
                if is_junk_path(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(below + entry.name + "/")
                else:
                    _take(root, below + entry.name, entry, found)
    except OSError as error:
        found.refused.append(skip(below, f"folder cannot be read ({error.strerror})"))
    if below and not folders and len(found.files) == before:
        found.empty.append(below.rstrip("/"))
    return folders


def _take(root: Path, name: str, entry: os.DirEntry[str], found: Listing) -> None:
    try:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
            found.refused.append(skip(name, "a link that leaves the folder"))
            return
        facts = entry.stat()
    except (OSError, RuntimeError):
        found.refused.append(skip(name, "a link that leads nowhere"))
        return
    if stat.S_ISREG(facts.st_mode):
        found.files.append((name, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino))
    else:
        found.refused.append(skip(name, "a link to a folder" if stat.S_ISDIR(facts.st_mode) else "not a regular file"))


def _open(path: str, size: int) -> BinaryIO:
    """A file for reading; a small one is read at once, since decoders ask for some bytes at a time."""
    if size > _SMALL_BYTES:
        return Path(path).open("rb")
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 -- a Path takes as long as the reading
        return io.BytesIO(file.readall())


def _recognize(place: Place) -> Source | None:
    if not place.is_folder:
        return None
    listing = list_folder(place.path)
    return pictures_source(listing.root.name, listing.identity, listing.pictures(), format="a folder of images")


FORMAT = Format("a folder", _recognize)
