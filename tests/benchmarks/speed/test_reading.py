"""The files that are timed hold the digits they are named by; nothing here is timed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.data import open_table
from benchmarks.speed import reading


def test_files_hold_mnists_digits_in_a_folder_each(tmp_path: Path) -> None:
    assert reading.write_files(tmp_path / "digits", 12) == {"PNG": 12, "JPEG": 0}
    table = open_table("mnist", progress=False)
    assert table.labels is not None
    for number in range(12):
        path = tmp_path / "digits" / table.classes[table.labels[number]] / f"{number:06d}.png"
        assert np.array_equal(np.asarray(Image.open(path)), table.values[number, 0])


def test_a_process_that_fails_ends_the_benchmark(tmp_path: Path) -> None:
    used = reading.run(["-c", "print(1)"], reading.ROOT, tmp_path)
    assert used["processor_seconds"] < 30 < 1000 * used["megabytes"]
    with pytest.raises(SystemExit, match="ended with 3"):
        reading.run(["-c", "raise SystemExit(3)"], reading.ROOT, tmp_path)
