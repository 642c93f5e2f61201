"""How far the reading of a source has come, so that one that was killed goes on where it was.

Files that only grow are flushed to the disk, then a small one that says how long each of them is replaces the one
before. Whatever was written after it is cut off when the reading is taken up: the table is, byte for byte, that of a
reading which was never killed.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from advnets.data.cache_files import write_json, writing

VERSION = 1
_NAME = "journal.json"
_EVERY = 5.0  # seconds, or so many times what the last entry took
_TIMES = 20.0


class Journal:
    """The journal of a folder in which a table is built.

    Args:
        folder: where it lies, with the files that it speaks of.
        anew: whether to forget what it says, and what is there.

    Attributes:
        begun: what was last kept, of a reading that was killed; None where it begins.
    """

    def __init__(self, folder: Path, anew: bool = False) -> None:
        self.folder = folder
        self.begun: Mapping[str, Any] | None = None if anew else self._taken_up()
        if self.begun is None:
            _empty(folder)
        self._next = time.perf_counter() + _EVERY

    @property
    def kept(self) -> bool:
        """Whether there is anything to go on from."""
        return has_journal(self.folder)

    def due(self) -> bool:
        """Whether it is time for another entry."""
        return time.perf_counter() >= self._next

    def keep(self, files: Iterable[Path], facts: Mapping[str, object]) -> None:
        """Makes an entry.

        Args:
            files: those that only grow.
            facts: all else that it takes to go on; JSON.

        Raises:
            DataError: the cache cannot be written.
        """
        begin = time.perf_counter()
        sizes: dict[str, int] = {}
        for path in files:
            with writing(path), path.open("rb") as file:
                os.fsync(file.fileno())
            sizes[str(path.relative_to(self.folder))] = path.stat().st_size
        write_json(self.folder / _NAME, {"version": VERSION, "files": sizes, "facts": facts})
        end = time.perf_counter()
        self._next = end + max(_EVERY, _TIMES * (end - begin))

    def drop(self) -> None:
        """Forgets all: files are about to change that should only grow."""
        self.begun = None
        with writing(self.folder):
            (self.folder / _NAME).unlink(missing_ok=True)

    def _taken_up(self) -> Mapping[str, Any] | None:
        """What was last kept, its files cut to the lengths that they had; None where that cannot be had."""
        try:
            found = json.loads((self.folder / _NAME).read_text("ascii"))
            files = {self.folder / name: int(size) for name, size in found["files"].items()}
            if found["version"] != VERSION or any(path.stat().st_size < size for path, size in files.items()):
                return None
            for path, size in files.items():
                os.truncate(path, size)
            return dict(found["facts"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None


def has_journal(folder: Path) -> bool:
    """Whether a folder has a journal."""
    return (folder / _NAME).exists()


def _empty(folder: Path) -> None:
    """Removes what lies in a folder but for its lock."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != ".lock":
                path.unlink()
