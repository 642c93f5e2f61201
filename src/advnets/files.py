"""Files that are written whole or not at all, so that nobody meets half of one; folders that one process holds."""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import hashlib
import os
import uuid
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import IO, Any, BinaryIO

_NEAR = 0.6  # likeness of two names, from 0 to 1


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
def held(folder: Path, patient: bool = False) -> Generator[IO[str]]:
    """Hold a folder for this process alone, by a lock on its file `.lock`, which is given.

    Args:
        folder: it is made where it is not there.
        patient: whether to wait for whoever holds it.

    Raises:
        BlockingIOError: another process holds it.
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if patient else fcntl.LOCK_NB))
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


def bytes_in_words(size: float) -> str:
    """So many bytes in the unit that fits them: "1.5 GiB"."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size / 1024:.3g} KiB"


def meant(said: str, names: Iterable[str]) -> str:
    """What may be meant instead of a path or name that is not there: one of these names, or what lies beside the path.

    Empty where nothing is near.
    """
    path = Path(said)
    try:
        beside = {str(path.with_name(each.name)): each.name for each in path.parent.iterdir()} if path.name else {}
    except OSError:
        beside = {}
    near = difflib.get_close_matches(path.name, beside.values(), 1)
    known = {said: name for said, name in beside.items() if name in near} | {name: name for name in names}
    found = max(known, key=lambda each: _likeness(path.name, known[each]), default="")
    return found if found and _likeness(path.name, known[found]) >= _NEAR else ""


def _likeness(said: str, name: str) -> float:
    return difflib.SequenceMatcher(None, said.lower(), name.lower()).ratio()
