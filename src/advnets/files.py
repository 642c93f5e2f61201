"""Files that are written whole or not at all, so that nobody meets half of one; folders that one process holds."""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import hashlib
import os
import uuid
from collections.abc import Callable, Generator
from pathlib import Path
from typing import IO, Any, BinaryIO


def write_whole(path: Path, content: bytes | Callable[[BinaryIO], object], durable: bool = True) -> None:
    """Write a file aside, flush it to the disk and rename it: readers see the old or the new, never a part.

    What a crash leaves aside is called `.NAME.*.part`. Folders on the way are made.

    Args:
        path: the file.
        content: what is in it, or a function that writes it.
        durable: whether it must outlast a loss of power; otherwise it is not flushed, only renamed.

    Raises:
        OSError: it cannot be written; what was there is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with aside.open("wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content)
            if durable:
                sync(file)
        aside.replace(path)
        if durable:
            sync_folder(path.parent)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def held(folder: Path) -> Generator[IO[str]]:
    """Hold a folder for this process alone, by a lock on its file `.lock`, which is given.

    Raises:
        BlockingIOError: another process holds it.
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield file


def sync(file: IO[Any]) -> None:
    """Flush a file to the disk itself."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Flush a folder's entries to the disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hex.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def near_path(path: Path) -> str:
    """What lies where `path` would and has nearly its name, spelled as `path` is; empty where nothing does."""
    try:
        beside = [each.name for each in path.parent.iterdir()]
    except OSError:
        return ""
    found = difflib.get_close_matches(path.name, beside, 1)
    return str(path.with_name(found[0])) if found else ""
