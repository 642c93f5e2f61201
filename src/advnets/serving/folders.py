"""Folders that are whole once they have their name."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from advnets.errors import RunError
from advnets.runs.directory import writing


@contextmanager
def new_folder(folder: Path) -> Generator[Path]:
    """A path beside `folder` at which to make what becomes it at the end.

    Args:
        folder: new or empty.

    Raises:
        RunError: something is there, or it cannot be written.
    """
    check_new(folder)
    with writing(folder, "or name another --out"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as aside:
            yield Path(aside) / folder.name
            (Path(aside) / folder.name).replace(folder)


def check_new(folder: Path) -> None:
    """See that a folder is new or empty.

    Raises:
        RunError: something is there.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError(f"{folder} is there already", "name another --out, or remove it")
