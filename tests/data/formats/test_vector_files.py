"""Files of numbers: which they are, and Parquet's columns whatever their types."""

from __future__ import annotations

import importlib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advnets.data.formats import tabular
from advnets.data.formats.tabular import Texts, Unusable
from advnets.data.formats.vectors import is_vectors_file, read_columns, read_parquet
from advnets.errors import DataError


def parquet(path: Path, **values: object) -> Path:
    pq.write_table(pa.table(values), path)
    return path


def test_a_file_of_numbers_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    for shape in ((4, 3), (4, 3, 3), (4, 3, 3, 1), (4,)):
        name = tmp_path / f"{len(shape)}.npy"
        np.save(name, np.zeros(shape))
        np.savez(name.with_suffix(".npz"), x=np.zeros(shape), y=np.zeros(4))
        np.savez(tmp_path / f"reference{len(shape)}.npz", mu=np.zeros(shape))
        assert is_vectors_file(name) == is_vectors_file(name.with_suffix(".npz")) == (len(shape) == 2)
        assert not is_vectors_file(tmp_path / f"reference{len(shape)}.npz")
    (tmp_path / "a.csv").write_text("a\n1\n")
    image = {"bytes": b"\x89PNG", "path": "a.png"}
    assert is_vectors_file(tmp_path / "a.csv")
    assert is_vectors_file(parquet(tmp_path / "numbers", a=[1.0], b=["x"]))
    assert not is_vectors_file(parquet(tmp_path / "images.parquet", image=[image], label=[1]))
    assert not is_vectors_file(parquet(tmp_path / "bytes.parquet", image=[b"\x89PNG"], label=[1]))
    assert not is_vectors_file(tmp_path)
    assert not is_vectors_file(tmp_path / "nothing.csv")
    (tmp_path / "damaged.npy").write_bytes(b"\x93NUMPY\x01\x00rest")
    assert not is_vectors_file(tmp_path / "damaged.npy")


def test_parquet_columns_of_any_type(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "t.parquet",
        whole=pa.array([1, None, 3], pa.int8()), half=np.array([0.5, 1, 1.5], np.float16), truth=[True, None, False],
        money=[Decimal("1.10"), Decimal("2.00"), None], word=["b", None, "a"],
        known=pa.array(["u", "v", "u"]).dictionary_encode(), coded=pa.array([5, 7, 5]).dictionary_encode(),
        day=pa.array([0, 1, 2], pa.date32()), lists=[[1.0], [2.0], [3.0]], none=pa.nulls(3),
    )  # fmt: skip
    found = read_parquet(path).columns
    numbers = {
        "whole": [1, np.nan, 3], "half": [0.5, 1, 1.5], "truth": [1, np.nan, 0], "money": [1.1, 2, np.nan],
        "coded": [5, 7, 5],
    }  # fmt: skip
    for name, expected in numbers.items():
        assert found[name].dtype == np.float64
        np.testing.assert_array_equal(found[name], expected)
    texts = {name: column for name, column in found.items() if isinstance(column, Texts)}
    assert {name: (column.codes.tolist(), column.values) for name, column in texts.items()} == {
        "word": ([0, -1, 1], ("b", "a")), "known": ([0, 1, 0], ("u", "v")),
    }  # fmt: skip
    reasons = {name: column.reason for name, column in found.items() if isinstance(column, Unusable)}
    assert reasons.keys() == {"day", "lists", "none"}
    assert "date32" in reasons["day"]


def test_parquet_of_several_parts_is_one_table(tmp_path: Path) -> None:
    table = pa.table({"a": range(100), "b": [f"word {number % 7}" for number in range(100)]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=9)
    found = read_columns(tmp_path / "t.parquet")
    np.testing.assert_array_equal(found.columns["a"], np.arange(100))
    words = found.columns["b"]
    assert isinstance(words, Texts)
    assert [words.values[code] for code in words.codes] == table["b"].to_pylist()


def test_parquet_without_its_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, found = parquet(tmp_path / "t.parquet", a=[1.0, 2.0]), importlib.import_module

    def absent(name: str) -> object:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return found(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    for use in (is_vectors_file, read_parquet):
        with pytest.raises(DataError, match=r'need the package pyarrow; pip install "advnets\[data\]"'):
            use(path)


def test_a_damaged_or_large_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path / "t.parquet", a=np.arange(1000.0))
    whole = path.read_bytes()
    path.write_bytes(whole[:300] + bytes(200) + whole[500:])
    with pytest.raises(DataError, match="not a readable Parquet file"):
        read_parquet(path)
    path.write_bytes(whole[:-40])
    with pytest.raises(DataError, match="not a readable Parquet file"):
        is_vectors_file(path)
    np.save(tmp_path / "words.npy", np.array([["a", "b"], ["c", "d"]]))
    with pytest.raises(DataError, match="an array of type <U1; give N x D numbers"):
        read_columns(tmp_path / "words.npy")
    monkeypatch.setattr(tabular, "MAX_VALUES", 999)
    path.write_bytes(whole)
    with pytest.raises(DataError, match="1,000 rows of 1 columns, at most 999 numbers"):
        read_parquet(path)
    np.save(tmp_path / "many.npy", np.zeros((500, 2)))
    with pytest.raises(DataError, match="500 rows of 2 columns"):
        read_columns(tmp_path / "many.npy")
