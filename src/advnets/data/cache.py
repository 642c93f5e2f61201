"""Tables kept on disk, so that images are decoded once and opened in milliseconds afterwards.

    tables/<fingerprint>/   images.bin, labels.npy, vectors.npy, splits.npy, keys.npy, stamps.json, and table.json
                            (shape, digests, ...)
    building/<key>/         a table on its way, and a journal of how far it has come
    lookups/<key>.json      which table a source with these files and options gave, what was skipped and noticed
    lookups/<key>.npz       what the table's rows were: names and sizes of files

A table is built aside, flushed and renamed, so it exists whole or not at all, however many processes want it: one
builds it, the others wait, and take up what it leaves if it dies. `table.json` hashes to the folder's name, so it
vouches for itself and for the digests of the other files. A file whose size and time of change are those of its stamp
is trusted; any other is read through and its digest compared.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.cache_files import write_json, writing
from advnets.data.journal import has_journal
from advnets.data.origins import Origins, load_origins
from advnets.data.writer import RowWriter
from advnets.errors import DataError
from advnets.files import digest_of, sync

VERSION = 1
STALE_SECONDS = 86_400


def cache_folder(given: Path | None = None) -> Path:
    """Where tables and downloads are kept: as given, as the environment says, or ~/.cache/advnets."""
    if given is not None:
        return Path(given).expanduser()
    if own := os.environ.get("ADVNETS_CACHE"):
        return Path(own).expanduser()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "advnets"


@dataclass(frozen=True)
class Stored:
    """A table as it lies in the cache.

    Args:
        images: uint8, N x C x H x W, mapped read-only.
        labels: int64, N, mapped read-only, or None.
        vectors: float32, N x V, mapped read-only, or None.
        keys: uint64, N, content keys, mapped read-only; None where the splits are fixed.
        ranges: fixed splits, or None.
        splits: uint8, N, places in `table.SPLITS`, of a source that says each row's; or None.
        columns: the names of the vectors' numbers.
    """

    fingerprint: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    vectors: NDArray[np.float32] | None
    keys: NDArray[np.uint64] | None
    classes: tuple[str, ...]
    ranges: dict[str, tuple[int, int]] | None
    splits: NDArray[np.uint8] | None = None
    columns: tuple[str, ...] = ()


class TableCache:
    """The tables below one cache folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def lookup(self, key: str) -> tuple[Stored, dict[str, Any]] | None:
        """The table recorded under a key, with the record; None where there is none or it is damaged."""
        try:
            record = json.loads(self._record(key).read_text("ascii"))
            whole = not record["origins"] or self._origins(key).exists()
            stored = self._open(record["fingerprint"]) if whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return (stored, record) if stored else None

    @contextmanager
    def workspace(self, key: str, progress: bool = False) -> Generator[Path]:
        """A folder to build the table of a key in, once no other process has it.

        It is removed afterwards, unless a reading that was stopped, or met a full disk, left a journal to go on from.

        Args:
            progress: whether to say so where another process is waited for.
        """
        work = self.root / "building" / key
        with writing(self.root):
            work.parent.mkdir(parents=True, exist_ok=True)
        self._sweep(work.parent, but=work)
        with _held(work, progress) as work:
            try:
                yield work
            except BaseException as error:
                stopped = isinstance(error, KeyboardInterrupt | SystemExit) or isinstance(error.__cause__, OSError)
                if not (stopped and has_journal(work)):
                    shutil.rmtree(work, ignore_errors=True)
                raise
            shutil.rmtree(work, ignore_errors=True)

    def store(
        self,
        work: Path,
        writer: RowWriter,
        columns: Mapping[str, NDArray[Any] | None],
        facts: Mapping[str, object],
    ) -> Stored:
        """Moves a finished table into its place.

        Args:
            work: a folder that holds the writer's file `images.bin`; all else in it is of a killed process, and goes.
            columns: what goes with the rows, by name: labels, vectors and splits; None where there are none.
            facts: classes, ranges and what was done to the images; JSON, part of the fingerprint.
        """
        writer.close()
        for path in work.iterdir():
            if path != writer.path:
                path.unlink()
        for name, values in columns.items():
            if values is not None:
                _save(work / f"{name}.npy", values)
        if len(writer.keys):
            _save(work / "keys.npy", writer.keys)
        assert writer.shape is not None
        files = {path.name: _describe(path) for path in sorted(work.iterdir())}
        table = {"version": VERSION, "shape": [writer.count, *writer.shape], "files": files, **facts}
        write_json(work / "table.json", table)
        write_json(work / "stamps.json", _stamps(work, files))
        fingerprint = _fingerprint(table)
        self._place(work, fingerprint)
        stored = self._open(fingerprint)
        if stored is None:
            remedy = "delete that folder, or name another with ADVNETS_CACHE"
            raise DataError(f"{self.root}: a table just written there cannot be read back", remedy)
        return stored

    def record(self, key: str, record: Mapping[str, object], origins: Origins | None = None) -> None:
        """Remembers which table a key leads to, and what its rows were."""
        if origins is not None:
            origins.save(self._origins(key))
        write_json(self._record(key), {**record, "origins": origins is not None})

    def origins(self, key: str) -> Origins | None:
        """What the rows of the table that a key leads to were; None where that is not known."""
        return load_origins(self._origins(key))

    def distrust(self, fingerprint: str) -> None:
        """Has every byte of a table read when it is next opened."""
        with writing(stamps := self._folder(fingerprint) / "stamps.json"):
            stamps.unlink(missing_ok=True)

    def _record(self, key: str) -> Path:
        return self.root / "lookups" / f"{key}.json"

    def _origins(self, key: str) -> Path:
        return self.root / "lookups" / f"{key}.npz"

    def _folder(self, fingerprint: str) -> Path:
        return self.root / "tables" / fingerprint

    def _place(self, work: Path, fingerprint: str) -> None:
        target = self._folder(fingerprint)
        with writing(target):
            target.parent.mkdir(exist_ok=True)
            try:
                work.replace(target)
            except OSError:
                if self._open(fingerprint):  # another process was faster, with the same content
                    return
                damaged = work.with_suffix(".damaged")
                with suppress(FileNotFoundError):
                    target.replace(damaged)
                work.replace(target)
                shutil.rmtree(damaged, ignore_errors=True)

    def _open(self, fingerprint: str) -> Stored | None:
        folder = self._folder(fingerprint)
        try:
            table = json.loads((folder / "table.json").read_text("ascii"))
            if _fingerprint(table) != fingerprint or not _files_intact(folder, table["files"]):
                return None
            return _load(folder, table, fingerprint)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _sweep(self, parent: Path, but: Path) -> None:
        """Removes what builds that were killed left behind, and nobody took up."""
        for path in parent.iterdir():
            with suppress(FileNotFoundError):  # another process sweeps too
                if path != but and time.time() - path.stat().st_mtime > STALE_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _held(folder: Path, progress: bool) -> Generator[Path]:
    """Holds a folder for this process alone, once no other does; one of its own where a file system has no locks."""
    while True:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            file = (folder / ".lock").open("a")
        with file:
            try:
                _lock(file, progress)
            except OSError:
                yield Path(tempfile.mkdtemp(dir=folder.parent))
                return
            if _is_there(folder / ".lock", file):  # whoever had it may have removed it
                yield folder
                return


def _lock(file: IO[str], progress: bool) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if progress:
            print("another process reads these data: waiting for what it makes of them", file=sys.stderr, flush=True)
        fcntl.flock(file, fcntl.LOCK_EX)


def _is_there(path: Path, file: IO[str]) -> bool:
    """Whether a path still leads to an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _load(folder: Path, table: dict[str, Any], fingerprint: str) -> Stored:
    def array(name: str, mapped: bool = False) -> NDArray[Any] | None:
        mode = "r" if mapped else None
        return np.load(folder / name, mode, allow_pickle=False) if name in table["files"] else None

    labels, vectors = array("labels.npy", mapped=True), array("vectors.npy", mapped=True)
    images = np.memmap(folder / "images.bin", np.uint8, "r", shape=tuple(table["shape"]))
    ranges = table["ranges"] and {name: (start, stop) for name, (start, stop) in table["ranges"].items()}
    keys, splits = array("keys.npy", mapped=True), array("splits.npy", mapped=True)
    classes, columns = tuple(table["classes"]), tuple(table.get("columns", ()))
    return Stored(fingerprint, images, labels, vectors, keys, classes, ranges, splits, columns)


def _fingerprint(table: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode("ascii")).hexdigest()


def _save(path: Path, values: NDArray[Any]) -> None:
    with writing(path), path.open("wb") as file:
        np.save(file, values, allow_pickle=False)
        sync(file)


def _describe(path: Path) -> list[object]:
    return [path.stat().st_size, digest_of(path)]


def _stamps(folder: Path, files: Mapping[str, object]) -> dict[str, int]:
    return {name: (folder / name).stat().st_mtime_ns for name in files}


def _files_intact(folder: Path, files: Mapping[str, list[object]]) -> bool:
    sizes = {name: (folder / name).stat().st_size for name in files}
    if any(sizes[name] != files[name][0] for name in files):
        return False
    stamps = _stamps(folder, files)
    try:
        trusted = json.loads((folder / "stamps.json").read_text("ascii"))
    except (OSError, ValueError):
        trusted = {}
    if stamps == trusted:
        return True
    if any(digest_of(folder / name) != files[name][1] for name in files):
        return False
    with suppress(DataError):  # a cache that was copied or is read-only serves as well, only not as fast
        write_json(folder / "stamps.json", stamps)
    return True
