"""Rows on their way to disk: appended one after the other, so a table never has to fit in memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advnets.data.cache_files import writing
from advnets.data.origins import Origins
from advnets.files import sync

COPY_ROWS = 4096


class SizesVaryError(Exception):
    """A row of another height or width than the rows before it."""


class RowWriter:
    """Appends rows to a raw uint8 file, widening gray to three channels when the first color row arrives.

    Args:
        path: the file; made anew.

    Attributes:
        shape: C, H, W of the rows so far; None before the first.
        count: rows so far.
        keys: their content keys, where given.
        highest: the greatest byte so far.
        origins: what the rows were before, once whoever appended them has said it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shape: tuple[int, int, int] | None = None
        self.count = 0
        self.keys = array("Q")
        self.highest = 0
        self.origins: Origins | None = None
        with writing(path):
            self._file = path.open("wb")

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
        self.count += len(rows_NCHW)
        self.highest = max(self.highest, int(rows_NCHW.max()))
        self.keys.extend(keys)

    def reset(self) -> None:
        """Forgets every row."""
        self.shape, self.count, self.keys, self.highest = None, 0, array("Q"), 0
        with writing(self.path):
            self._file.seek(0)
            self._file.truncate()

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Brings the rows into another order: row i becomes what row order[i] was."""
        assert self.shape is not None
        if np.array_equal(order, np.arange(self.count)):
            return
        before = self.path.with_suffix(".unordered")
        with writing(self.path):
            self._file.close()
            self.path.replace(before)
            rows = np.memmap(before, np.uint8, "r", shape=(self.count, *self.shape))
            with self.path.open("wb") as target:
                for start in range(0, self.count, COPY_ROWS):
                    target.write(rows[order[start : start + COPY_ROWS]].data)
            before.unlink()
            self._file = self.path.open("ab")
        if self.keys:
            self.keys = array("Q", np.array(self.keys, np.uint64)[order].tolist())

    def close(self) -> None:
        """Puts the rows on disk for good. Closing twice does nothing."""
        if not self._file.closed:
            with writing(self.path):
                sync(self._file)
                self._file.close()

    def abandon(self) -> None:
        """Lets go of the file after a failure, whatever state it is in."""
        with suppress(OSError):
            self._file.close()

    def _widen(self, channels: int) -> None:
        assert self.shape is not None
        _, height, width = self.shape
        narrow = self.path.with_suffix(".narrow")
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
