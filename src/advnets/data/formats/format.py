"""What every format of data is to the rest: a name, and a function that tells from a place what lies there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from advnets.data.archive import BROKEN, plain_path, unpacking
from advnets.data.options import Options
from advnets.data.pictures import Entry
from advnets.data.source import Source, file_identity
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

HEAD_BYTES = 4096
PICTURES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm",
    ".avif", ".jp2", ".j2k", ".jpx", ".tga",
)  # fmt: skip
"""How the names of image files end."""


@dataclass(frozen=True)
class Place:
    """A file or a folder that people name.

    Args:
        path: where it is.
        options: how its images are wanted.
        part: which of the arrays, or sets, in it is meant, where people say it; see `located`.
    """

    path: Path
    options: Options
    part: str = ""

    def identity(self, *paths: Path) -> list[object]:
        """What tells whether some files are those that they were, and the same of them is meant."""
        return [*file_identity(*paths), *([self.part] if self.part else [])]

    @cached_property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path.is_dir()

    @cached_property
    def head(self) -> bytes:
        """The first bytes of a file; none of a folder."""
        if self.is_folder:
            return b""
        with self.path.open("rb") as file:
            return file.read(HEAD_BYTES)

    @cached_property
    def unpacked_head(self) -> bytes:
        """The first bytes of what a packed file unpacks to; none where it is broken."""
        if self.is_folder:
            return b""
        try:
            with unpacking(self.path) as file:
                return file.read(HEAD_BYTES)
        except (*BROKEN, DataError):
            return b""


@dataclass(frozen=True)
class Format:
    """A format of data.

    Args:
        said: what it is called in a list of what may be given, "a zip"; empty where it goes without saying.
        recognize: looks at the content of a place, never at its name alone, and tells what lies there; None where
            it is something else. Cheap: what takes time is done when the source is written.
        parts: whether it looks at the place's part.
    """

    said: str
    recognize: Callable[[Place], Source | None]
    parts: bool = False


def names_in(folder: Path) -> list[str]:
    """The names of what lies in a folder, sorted.

    Raises:
        OSError: it cannot be read.
    """
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


def holds_pictures(folder: Path) -> bool:
    """Whether a folder, or one below it, holds a file that is called as an image is."""
    return any(name.lower().endswith(PICTURES) for _, _, names in os.walk(folder) for name in names)


def located(source: str | Path) -> tuple[Path, str]:
    """A path as people give it, and which part of what lies there they mean: "faces.npz:x"; empty where they say none.

    A path that is there goes before one with a part.
    """
    path = Path(source).expanduser()
    before, colon, part = str(path).rpartition(":")
    if colon and before and part and not path.exists() and Path(before).exists():
        return Path(before), part
    return path, ""


@dataclass(frozen=True)
class Shard:
    """One of the files that a source is cut into.

    Args:
        path: the file.
        split: "train", "valid" or "test"; empty where its name does not say.
        name: what it is called in messages, its path below the source.
    """

    path: Path
    split: str = ""
    name: str = ""

    @property
    def said(self) -> str:
        """What it is called in messages."""
        return self.name or self.path.name


def readable(shard: Shard, entries: Iterable[Entry | Skipped], alone: bool) -> Iterator[Entry | Skipped]:
    """The images of a file; if it cannot be read it is left out by name, unless it stands alone.

    Raises:
        DataError: it stands alone and cannot be read.
    """
    try:
        yield from entries
    except DataError as error:
        if alone:
            raise
        yield skip(shard.said, error.what.removeprefix(f"{shard.path}: "))


def row_name(path: str) -> str:
    """A path as the name of a row: its folders count, unless they are of a disk of somebody's."""
    plain = PurePosixPath(plain_path(path))
    return plain.name if plain.is_absolute() or ".." in plain.parts or "://" in path else str(plain)


@dataclass(frozen=True)
class Sharded:
    """A format whose sources may be cut into several files.

    Args:
        is_one: whether a file is of this format, by its content.
        source: gives the source that files are, from its name, its identity and the files in order.
    """

    is_one: Callable[[Path], bool]
    source: Callable[[str, list[object], Sequence[Shard]], Source]
