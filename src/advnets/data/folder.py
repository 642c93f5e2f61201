"""The files below a folder, without leaving it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from advnets.data.pictures import Entry, Pictures
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

JUNK = frozenset({"Thumbs.db", "desktop.ini", "__MACOSX"})


def is_junk(name: str) -> bool:
    """Whether a file or folder is the system's own (hidden files, thumbnails): passed over without a word."""
    return name.startswith(".") or name in JUNK


@dataclass(frozen=True)
class Listing:
    """What lies below a folder, sorted by path.

    Args:
        root: the folder, links resolved.
        files: path below the root, size and time of change of each regular file.
        refused: links that leave the folder, pipes, folders that cannot be read.
    """

    root: Path
    files: list[tuple[str, int, int]]
    refused: list[Skipped]

    def pictures(self) -> Pictures:
        """The files as images to decode."""
        return Pictures(self.root.name, self._entries, len(self.files) + len(self.refused))

    def _entries(self) -> Iterator[Entry | Skipped]:
        yield from self.refused
        for name, size, _ in self.files:
            yield Entry(name, size, lambda path=self.root / name: _open(path))


def list_folder(folder: Path) -> Listing:
    """Walks a folder and all its sub-folders.

    Raises:
        DataError: the folder itself cannot be read.
    """
    root = folder.resolve()
    files: list[tuple[str, int, int]] = []
    refused: list[Skipped] = []
    try:
        os.scandir(root).close()
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror})", "check the path and its permissions") from error
    below = [""]
    while below:
        below += _take_all(root, below.pop(), files, refused)
    return Listing(root, sorted(files), sorted(refused, key=lambda item: item.name))


def _take_all(root: Path, below: str, files: list[tuple[str, int, int]], refused: list[Skipped]) -> list[str]:
    """Sorts one folder's entries into files and refused; returns its sub-folders."""
    folders: list[str] = []
    try:
        with os.scandir(root / below) as entries:
            for entry in entries:
                if is_junk(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(below + entry.name + "/")
                else:
                    _take(root, below + entry.name, entry, files, refused)
    except OSError as error:
        refused.append(skip(below, f"folder cannot be read ({error.strerror})"))
    return folders


def _take(
    root: Path, name: str, entry: os.DirEntry[str], files: list[tuple[str, int, int]], refused: list[Skipped]
) -> None:
    try:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
            refused.append(skip(name, "a link that leaves the folder"))
            return
        facts = entry.stat()
    except (OSError, RuntimeError):
        refused.append(skip(name, "a link that leads nowhere"))
        return
    if stat.S_ISREG(facts.st_mode):
        files.append((name, facts.st_size, facts.st_mtime_ns))
    else:
        refused.append(skip(name, "a link to a folder" if stat.S_ISDIR(facts.st_mode) else "not a regular file"))


def _open(path: Path) -> BinaryIO:
    return path.open("rb")
