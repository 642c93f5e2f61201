"""CSV and its kin: whatever programs write is read as it was meant, or refused where it is wrong."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advnets.data.formats import tabular
from advnets.data.formats.delimited import read_csv
from advnets.data.formats.tabular import Columns, Texts, Unusable
from advnets.errors import DataError


def read(folder: Path, text: str | bytes, name: str = "table.csv") -> Columns:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_csv(path)


def plain(found: Columns) -> dict[str, list[object]]:
    """Columns as lists: numbers, or texts; None where a value is missing."""
    values: dict[str, list[object]] = {}
    for name, column in found.columns.items():
        assert not isinstance(column, Unusable)
        if isinstance(column, Texts):
            values[name] = [column.values[code] if code >= 0 else None for code in column.codes]
        else:
            values[name] = [None if np.isnan(value) else value for value in column.tolist()]
    return values


AB = {"a": [1.0, 3.0], "b": [2.5, -4.0]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2.5\n3,-4\n", AB),
        ("a;b\r\n1;2,5\r\n3;-4,0\r\n", AB),
        ("a;b\n1;2.5\n3;-4\n", AB),
        ("a\tb\n1\t2,5\n3\t-4", AB),
        ("a|b\n1|2.5\n3|-4\n", AB),
        ('"a","b"\n"1","2,5"\n"3","-4,0"\n', AB),
        ("# a, b\n 1, 2.5\n 3, -4\n", AB),
        ("a,b\n\n1,2.5\n,\n3,-4\n,\n", AB),
        ("\ufeffa,b\n1,2.5\n3,-4\n", AB),
        ("1,2.5\n3,-4\n", {"x1": AB["a"], "x2": AB["b"]}),
        ("1\n3\n", {"x1": [1.0, 3.0]}),
        ("a\n1e3\n3\n", {"a": [1000.0, 3.0]}),
        ('a;b\n"r1";1;2.5\n"r2";3;-4\n', {"": ["r1", "r2"], **AB}),
        ("a,,c\n1,5,2\n3,6,4\n", {"a": [1.0, 3.0], "x2": [5.0, 6.0], "c": [2.0, 4.0]}),
        ("5.1,Iris-setosa\n4.9,Iris-setosa\n", {"x1": [5.1, 4.9], "x2": ["Iris-setosa"] * 2}),
        ("1990,1991\n1,2\n", {"x1": [1990.0, 1.0], "x2": [1991.0, 2.0]}),
        ("id,1990\n1,2\n3,4\n", {"id": [1.0, 3.0], "1990": [2.0, 4.0]}),
        ("a,b\n1,NA\n?,2\nnull,NaN\n", {"a": [1.0, None, None], "b": [None, 2.0, None]}),
        ("a,b\nTrue,x\nfalse,y\n,\nTRUE,\n", {"a": [1.0, 0.0, 1.0], "b": ["x", "y", None]}),
        ('a,b\n1,"one,\ntwo"\n2,"say ""three"""\n', {"a": [1.0, 2.0], "b": ["one,\ntwo", 'say "three"']}),
        ("a,tags\n1,x;y\n2,z\n3,x;y;z\n", {"a": [1.0, 2.0, 3.0], "tags": ["x;y", "z", "x;y;z"]}),
    ],
)  # fmt: skip
def test_what_programs_write_is_read_as_it_was_meant(
    tmp_path: Path, text: str, expected: dict[str, list[object]]
) -> None:
    found = read(tmp_path, text)
    assert plain(found) == expected
    assert found.count == len(next(iter(expected.values())))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_letters_of_other_languages(tmp_path: Path, encoding: str) -> None:
    assert plain(read(tmp_path, "Größe,b\n1,2\n3,4\n".encode(encoding))) == {"Größe": [1.0, 3.0], "b": [2.0, 4.0]}


def test_a_packed_table_is_unpacked(tmp_path: Path) -> None:
    assert plain(read(tmp_path, gzip.compress(b"a,b\n1,2.5\n3,-4\n"), "table.csv.gz")) == AB


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 40), st.integers(2, 6), st.sampled_from(",;\t|"), st.integers(0, 2**31))
def test_numbers_are_read_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, rows: int, width: int, separator: str, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(size=(rows, width)) * 10.0 ** np.arange(-3, width - 3)
    path = tmp_path_factory.mktemp("numbers") / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=separator).writerows([[f"c{n}" for n in range(width)], *values.tolist()])
    found = read_csv(path)
    np.testing.assert_array_equal(np.stack(list(found.columns.values()), 1), values)
    theirs = pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(delimiter=separator))
    for name, column in found.columns.items():
        np.testing.assert_array_equal(column, theirs[name].to_numpy())


def test_a_table_is_read_in_parts(tmp_path: Path) -> None:
    rows = 30_000  # more than are read at once; what the last part has, the first decided
    text = "a,b,c\n" + "".join(f"{n},,{'x' if n % 2 else 'y'}\n" for n in range(rows)) + "7,8,x\n"
    found = read(tmp_path, text)
    assert found.count == rows + 1
    np.testing.assert_array_equal(found.columns["a"], [*range(rows), 7])
    assert isinstance(found.columns["c"], Texts)
    assert found.columns["c"].codes.tolist() == [n % 2 for n in range(rows)] + [1]
    assert np.isnan(found.columns["b"]).sum() == rows
    assert found.where(rows) == f"line {rows + 2:,}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('a,b\n1,"x\ny"\n2\n', r"line 4 has 1 fields, not 2; see to its separators"),
        ("a,b\n1,2\n\n3,4\n5,1.2.3\n", r"line 5, column b: '1.2.3' is no number; write numbers as 1234.5"),
        ("a,b\n1,2\n3,1_000\n", r"line 3, column b: '1_000' is no number"),
        ("a,b\n1.5,2\n3,'4 kg'\n4,5\n", r"line 3, column b: \"'4 kg'\" is no number"),
        ("a;b\n1;1,234\n2;5,678\n", r"1,234 may be 1234 or 1.234; write numbers as 1234.5"),
        ("a,a\n1,2\n3,4\n", r"columns 1 and 2 are both called a; give each a name of its own"),
        ('a,b\n1,"2\n3,4\n', r"not a table of text \(unexpected end of data\)"),
        ("", "an empty table"),
        (b"a,b\n1,\x00\n", "not a table of text; give CSV, Parquet or .npy"),
        (gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)[:-20], "cannot be read"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read(tmp_path, text)
    assert str(tmp_path / "table.csv") in str(caught.value)


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "MAX_VALUES", 5)
    with pytest.raises(DataError, match="3 rows of 2 columns, at most 5 numbers are read; give fewer rows"):
        read(tmp_path, "a,b\n1,2\n3,4\n5,6\n")
    monkeypatch.setattr("advnets.data.formats.delimited.MAX_BYTES", 5)
    with pytest.raises(DataError, match="larger than 5 bytes"):
        read(tmp_path, "a,b\n1,2\n")


def test_long_and_many_texts_are_not_kept(tmp_path: Path) -> None:
    rows = "".join(f"{number},word {number},{'long ' * 50}\n" for number in range(10_002))
    found = read(tmp_path, "a,b,c\n" + rows).columns
    assert found["b"] == Unusable("more than 10,000 different texts")
    assert found["c"] == Unusable("text of 249 characters")
