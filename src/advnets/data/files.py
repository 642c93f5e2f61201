"""Writing to the cache: a reader never sees half a file; a full or read-only disk is one clear line."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from advnets.errors import DataError


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Turns a failure to write below the cache into a `DataError`."""
    try:
        yield
    except OSError as error:
        remedy = "free some space, or name another cache folder with ADVNETS_CACHE"
        raise DataError(f"{path}: cannot write to the cache ({error.strerror or error})", remedy) from error


def sync(file: IO[Any]) -> None:
    """Flushes a file to the disk itself."""
    file.flush()
    os.fsync(file.fileno())


def write_json(path: Path, value: object) -> None:
    """Replaces a JSON file whole: written aside, flushed, renamed.

    Raises:
        DataError: the cache cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=".", suffix=".json", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump(value, file)
                sync(file)
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
