"""Rows of a large table are in memory before they are asked for, and no others."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from advnets.data import ahead
from advnets.data.ahead import Ahead

PAGES, ROW = 4096, 2 * mmap.PAGESIZE


def stored(path: Path) -> np.memmap:
    with path.open("wb") as file:
        for row in range(PAGES // 2):
            file.write(bytes([row % 251]) * ROW)
        os.fsync(file.fileno())
    return np.memmap(path, np.uint8, "r", shape=(PAGES // 2, 1, 2, mmap.PAGESIZE))


def resident(path: Path) -> np.ndarray:
    """Which pages of a file the system holds in memory."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as pages:
        array = np.frombuffer(pages, np.uint8)
        found, libc = np.zeros(PAGES, np.uint8), ctypes.CDLL(None)
        place, size = ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(len(array))
        assert libc.mincore(place, size, ctypes.c_void_p(found.ctypes.data)) == 0
        del array
    return (found & 1).astype(bool)


def forget(path: Path) -> None:
    """Has the system forget what it holds of a file."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what is in memory")
def test_rows_are_read_before_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "LARGE", 1)
    values = stored(path := tmp_path / "images.bin")
    coming = Ahead(values)
    assert coming.large
    forget(path)
    if resident(path).any():
        pytest.skip("a file system that forgets nothing")
    rows = [7, 300, 301, 2000]
    coming.read(rows)
    wanted = np.zeros(PAGES, bool)
    wanted[[2 * row + page for row in rows for page in (0, 1)]] = True
    end = time.monotonic() + 10
    while not resident(path)[wanted].all():
        assert time.monotonic() < end
    assert resident(path).sum() == wanted.sum()
    assert [int(coming.values[row].min()) for row in rows] == [row % 251 for row in rows]
    forget(path)
    assert int(coming.values[999].max()) == 999 % 251
    assert not resident(path)[[10, 1000, 3000]].any()  # nothing around it


def test_a_small_table_and_one_in_memory_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = stored(tmp_path / "images.bin")
    assert Ahead(values).values is values
    monkeypatch.setattr(ahead, "LARGE", 1)
    for given in (np.array(values), values[3:]):
        coming = Ahead(given)
        assert coming.values is given
        coming.read([0, 1])  # and nothing happens
    (tmp_path / "images.bin").unlink()
    assert Ahead(values).values is values
