"""Rows of columns in files: read back, they are the same rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from advnets.data.formats.tabular import Texts
from advnets.data.formats.vectors import read_columns
from advnets.data.scale import fit_scale
from advnets.terminal.tables import save_table

VALUES = np.stack([np.arange(50.0), np.linspace(0, 1, 50) ** 3, np.full(50, -2.0)], 1)
SCALE = fit_scale(("n, whole", 'a "b"', "same"), VALUES, np.arange(50), "kind")
MADE = SCALE.restore(np.random.default_rng(0).normal(size=(30, 2)))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_come_back_as_they_were(suffix: str, tmp_path: Path) -> None:
    path, classes = tmp_path / f"made{suffix}", ["oak", "elm, wild"] * 15
    save_table(MADE, path, SCALE, classes)
    found = read_columns(path).columns
    assert list(found) == [*SCALE.columns, "kind"]
    np.testing.assert_array_equal(np.stack([found[name] for name in SCALE.columns], 1), MADE)
    kinds = found["kind"]
    assert isinstance(kinds, Texts)
    assert [kinds.values[code] for code in kinds.codes] == classes


def test_whole_numbers_are_whole(tmp_path: Path) -> None:
    save_table(MADE, tmp_path / "made.csv", SCALE, ["0", "12"] * 15)
    lines = (tmp_path / "made.csv").read_text().splitlines()
    assert lines[0] == '"n, whole","a ""b""",same,kind'
    assert lines[1].split(",")[0] == f"{MADE[0, 0]:.0f}"
    assert lines[2].split(",")[2:] == ["-2", "12"]
    save_table(MADE, tmp_path / "made.parquet", SCALE, ["0", "12"] * 15)
    types = [str(kind) for kind in pq.read_schema(tmp_path / "made.parquet").types]
    assert types == ["int64", "double", "int64", "int64"]


def test_points_without_columns_are_numbered(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    save_table(points, tmp_path / "made.csv", None)
    np.testing.assert_array_equal(np.stack(list(read_columns(tmp_path / "made.csv").columns.values()), 1), points)
    save_table(points, tmp_path / "made.csv", None, ["7", "08"] + ["x"] * 3)
    assert (tmp_path / "made.csv").read_text().splitlines()[0] == "x1,x2,class"
