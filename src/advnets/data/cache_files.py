"""Writing to the cache: a reader never sees half a file; a full or read-only disk is one clear line."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from advnets.errors import DataError, what_helps
from advnets.files import write_whole


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Turns a failure to write below the cache into a `DataError`."""
    try:
        yield
    except OSError as error:
        remedy = f"{what_helps(error)}, or name another cache folder with ADVNETS_CACHE"
        raise DataError(f"{path}: cannot write to the cache ({error.strerror or error})", remedy) from error


def write_json(path: Path, value: object) -> None:
    """Replaces a JSON file whole.

    Raises:
        DataError: the cache cannot be written.
    """
    with writing(path):
        write_whole(path, json.dumps(value).encode("ascii"))
