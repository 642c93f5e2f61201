"""What every format of data is to the rest: a name, and a function that tells from a place what lies there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from advnets.data.archive import BROKEN, unpacking
from advnets.data.options import Options
from advnets.data.source import Source
from advnets.errors import DataError

HEAD_BYTES = 4096


@dataclass(frozen=True)
class Place:
    """A file or a folder that people name.

    Args:
        path: where it is.
        options: how its images are wanted.
    """

    path: Path
    options: Options

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
        said: what it is called in a list of what may be given: "a zip".
        recognize: looks at the content of a place, never at its name alone, and tells what lies there; None where
            it is something else. Cheap: what takes time is done when the source is written.
    """

    said: str
    recognize: Callable[[Place], Source | None]
