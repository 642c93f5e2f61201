"""Rows on their way to disk: appended one after the other, so a table never has to fit in memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from advnets.data.cache_files import writing
from advnets.data.journal import Journal
from advnets.data.origins import Origins
from advnets.files import sync

COPY_ROWS = 4096


class SizesVaryError(Exception):
    """A row of another height or width than the rows before it."""


class RowWriter:
    """Appends rows to a raw uint8 file, widening gray to three channels when the first color row arrives.

    Args:
        path: the file; made anew, unless the journal goes on.
        journal: of the folder that keeps what is no part of the table.

    Attributes:
        shape: C, H, W of the rows so far; None before the first.
        count: rows so far.
        highest: the greatest byte so far.
        origins: what the rows were before, once whoever appended them has said it.
    """

    def __init__(self, path: Path, journal: Journal) -> None:
        self.path, self.journal = path, journal
        self.shape: tuple[int, int, int] | None = None
        self.count = self.highest = 0
        self.origins: Origins | None = None
        self._keys_path = journal.folder / "keys.bin"
        if journal.begun is not None:
            facts = journal.begun["rows"]
            self.shape, self.count, self.highest = tuple(facts["shape"]), facts["count"], facts["highest"]
        mode = "wb" if journal.begun is None else "ab"
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file, self._keys = path.open(mode), self._keys_path.open(mode)

    @property
    def keys(self) -> NDArray[np.uint64]:
        """The content keys of the rows, uint64, mapped from disk; none where none were given."""
        with writing(self._keys_path):
            self._keys.flush()
        return np.memmap(self._keys_path, np.uint64, "r") if self._keys_path.stat().st_size else np.empty(0, np.uint64)

    def flush(self) -> list[Path]:
        """Writes what waits; the files that the rows are in."""
        with writing(self.path):
            self._file.flush()
            self._keys.flush()
        return [self.path, self._keys_path]

    def facts(self) -> dict[str, object]:
        """What it takes, beside the files, to go on."""
        return {"shape": self.shape, "count": self.count, "highest": self.highest}

    def add(self, rows_NCHW: NDArray[np.uint8], keys: Iterable[int] = ()) -> None:
        """Appends rows.

        Raises:
            SizesVaryError: the height or width differs from the rows before.
            DataError: the cache cannot be written.
        """
        _, channels, height, width = rows_NCHW.shape
        if self.shape is None:
            self.shape = channels, height, width
        if self.shape[1:] != (height, width):
            raise SizesVaryError
        if channels > self.shape[0]:
            self._widen(channels)
        elif channels < self.shape[0]:
            rows_NCHW = np.repeat(rows_NCHW, self.shape[0], axis=1)
        with writing(self.path):
            self._file.write(np.ascontiguousarray(rows_NCHW).data)
            self._keys.write(array("Q", keys).tobytes())
        self.count += len(rows_NCHW)
        self.highest = max(self.highest, int(rows_NCHW.max()))

    def reset(self) -> None:
        """Forgets every row."""
        self.journal.drop()
        self.shape, self.count, self.highest = None, 0, 0
        with writing(self.path):
            for file in (self._file, self._keys):
                file.seek(0)
                file.truncate()

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Brings the rows into another order: row i becomes what row order[i] was."""
        assert self.shape is not None
        rows = np.memmap(self.flush()[0], np.uint8, "r", shape=(self.count, *self.shape))
        keys = self.keys
        with writing(self.path):
            self._file = self._replaced(self._file, self.path, rows, order)
            if len(keys):
                self._keys = self._replaced(self._keys, self._keys_path, keys, order)

    def _replaced(self, file: BinaryIO, path: Path, rows: NDArray[Any], order: NDArray[np.int64]) -> BinaryIO:
        """A file of rows in another order in the place of one, open at its end."""
        ordered = self.journal.folder / f"{path.name}.ordered"
        with ordered.open("wb") as target:
            for start in range(0, self.count, COPY_ROWS):
                target.write(rows[order[start : start + COPY_ROWS]].data)
        self.journal.drop()
        file.close()
        ordered.replace(path)
        return path.open("ab")

    def close(self) -> None:
        """Puts the rows on disk for good. Closing twice does nothing."""
        if not self._file.closed:
            with writing(self.path):
                sync(self._file)
                self._file.close()
                self._keys.flush()

    def abandon(self) -> None:
        """Lets go of the file after a failure, whatever state it is in."""
        for file in (self._file, self._keys):
            with suppress(OSError):
                file.close()

    def _widen(self, channels: int) -> None:
        assert self.shape is not None
        _, height, width = self.shape
        narrow = self.path.with_suffix(".narrow")
        self.journal.drop()
        with writing(self.path):
            self._file.close()
            self.path.replace(narrow)
            with narrow.open("rb") as source, self.path.open("wb") as target:
                while block := source.read(COPY_ROWS * height * width):
                    rows = np.frombuffer(block, np.uint8).reshape(-1, 1, height, width)
                    target.write(np.repeat(rows, channels, axis=1).data)
            narrow.unlink()
            self._file = self.path.open("ab")
        self.shape = channels, height, width
