"""Every byte read again: the same, changed behind the cache's back, or damaged in the cache."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.data import open_table
from advnets.errors import DataError


@pytest.fixture
def unnoticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a file's change shows from outside, as on a file system that keeps no times."""
    monkeypatch.setattr("advnets.data.open.lookup_key", lambda *_: "key")


def test_what_is_the_same_is_said_to_be(gray_folder: Path) -> None:
    first = open_table(gray_folder, verify=True)
    again = open_table(gray_folder, verify=True)
    assert first.notes == ("read for the first time: there was no table to compare with",)
    assert again.notes == ("every byte was read again: the table is what the source holds",)
    assert again.fingerprint == first.fingerprint
    assert open_table(gray_folder).notes == ()


@pytest.mark.usefixtures("unnoticed")
def test_a_change_behind_the_caches_back_is_an_error_and_the_table_is_made_anew(gray_folder: Path) -> None:
    first = open_table(gray_folder)
    Image.new("L", (10, 12), 77).save(gray_folder / "0003.png")
    assert open_table(gray_folder).fingerprint == first.fingerprint  # nobody looked
    with pytest.raises(DataError, match=r"gray has changed since it was read: table .* train anew what was trained"):
        open_table(gray_folder, verify=True)
    assert (open_table(gray_folder, verify=True).values[3] == 77).all()


def test_damage_in_the_cache_that_kept_its_time_is_found_and_mended(gray_folder: Path, cache: Path) -> None:
    first = open_table(gray_folder)
    whole = np.array(first.values)
    path = next(cache.glob("tables/*/images.bin"))
    times = path.stat()
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not np.array_equal(open_table(gray_folder).values, whole)  # its size and time vouch for it
    found = open_table(gray_folder, verify=True)
    assert found.notes == ("the table in the cache was damaged, and has been made anew as it was",)
    assert np.array_equal(found.values, whole)
    assert np.array_equal(open_table(gray_folder).values, whole)
