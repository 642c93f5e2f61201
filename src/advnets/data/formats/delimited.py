"""CSV and its kin: commas, semicolons, tabs or bars between fields, plain or packed, with a header or without one."""

from __future__ import annotations

import csv
import functools
import io
import itertools
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from advnets.data.archive import BROKEN, unpacking
from advnets.data.formats.tabular import MAX_BYTES, SMALLER, Columns, check_size, header_names
from advnets.data.formats.text_columns import (
    NoNumberError,
    WordColumn,
    has_decimal_comma,
    is_missing,
    is_number,
    kind_of,
)
from advnets.errors import DataError

_SEPARATORS = "\t;|,"  # in the order in which they are believed: a comma may be a decimal one
_SNIFFED = 50  # lines
_FIELDS_AT_ONCE = 20_000
_LONGEST = 1 << 22  # characters of a line

Row = list[str]


def read_csv(path: Path) -> Columns:
    """Columns of a table in text.

    UTF-8, UTF-16 with its mark, else Latin-1. Numbers may have a decimal comma. A first line that is no number where
    numbers stand below it has the names; without one they are x1, x2, ... Empty fields, NA, NaN, null, ? and the like
    are missing: NaN. A column is text where most of it is; "true" and "false" are 1 and 0. Lines without anything in
    their fields are passed over.

    Raises:
        DataError: it is no such table, is too large, or has a value that cannot be understood, whose line is named.
    """
    try:
        for encoding in _encodings(path):
            try:
                return _Reading(path, encoding).columns()
            except UnicodeDecodeError:
                continue
    except csv.Error as error:
        raise DataError(f"{path}: not a table of text ({error})", "see to its quotes, or save it again") from error
    except BROKEN as error:
        raise DataError(f"{path}: cannot be read ({error})", "download or save it again") from error
    raise AssertionError("Latin-1 reads everything")


def _encodings(path: Path) -> Sequence[str]:
    with unpacking(path) as file:
        head = file.read(4096)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16", "latin-1")
    if b"\0" in head:
        raise DataError(f"{path}: not a table of text", "give CSV, Parquet or .npy")
    return ("utf-8-sig", "latin-1")


class _Reading:
    """One pass through a file.

    Args:
        path: the file.
        encoding: of its text.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self._path, self._encoding = path, encoding
        with self._lines() as lines:
            self._separator = separator_of(list(itertools.islice(lines, _SNIFFED)))
        self._comma = self._headed = False

    def columns(self) -> Columns:
        """All of them."""
        with self._reader() as reader:
            first = _rows(reader, 2)
            if not first:
                raise DataError(f"{self._path}: an empty table", "give a table with at least two rows")
            at_once = max(20, _FIELDS_AT_ONCE // len(first[-1]))
            first += _rows(reader, at_once)
            self._comma = has_decimal_comma(str(self._path), first)
            names = self._names(first)
            columns = {name: WordColumn(self._comma) for name in names}
            count, chunk = 0, first[1:] if self._headed else first
            while chunk:
                self._add(columns, chunk, count)
                count += len(chunk)
                chunk = _rows(reader, at_once)
        found = {name: column.column() for name, column in columns.items()}
        return Columns(str(self._path), found, count, self._where)

    def _add(self, columns: Mapping[str, WordColumn], chunk: list[Row], before: int) -> None:
        """Some rows, after so many before them."""
        for place, row in enumerate(chunk):
            if len(row) != len(columns):
                what = f"{self._path}: {self._where(before + place)} has {len(row)} fields, not {len(columns)}"
                raise DataError(what, "see to its separators and quotes")
        check_size(str(self._path), before + len(chunk), len(columns))
        for (name, column), words in zip(columns.items(), zip(*chunk, strict=True), strict=True):
            try:
                column.add(words)
            except NoNumberError as error:
                where = f"{self._where(before + error.place)}, column {name}"
                remedy = "write numbers as 1234.5, without units or thousands separators, or leave the column out"
                raise DataError(f"{self._path}: {where}: {error.word!r} is no number", remedy) from None

    def _names(self, rows: list[Row]) -> list[str]:
        """The columns' names: those of the first row, where it has some."""
        first, below = rows[0], [kind_of(words, self._comma) for words in zip(*rows[1:], strict=False)]
        if len(below) == len(first) + 1 > 2:  # as R writes tables: the names of the rows have none
            first = ["", *first]
        above_numbers = [word for word, kind in zip(first, below, strict=False) if kind == "numbers"]
        words = above_numbers or first
        self._headed = any(not is_missing(word) and not is_number(word, self._comma) for word in words)
        if not self._headed:
            return [f"x{place + 1}" for place in range(len(first))]
        names = [word.strip() for word in first]
        return header_names(str(self._path), [names[0].removeprefix("#").strip(), *names[1:]])

    def _where(self, row: int) -> str:
        """What messages call a row: its (last) line is found by going through the file again."""
        with self._reader() as reader:
            for _ in range(row + self._headed + 1):
                _rows(reader, 1)
            return f"line {reader.line_num:,}"

    @contextmanager
    def _reader(self) -> Generator[Any]:
        with self._lines() as lines:
            yield csv.reader(lines, delimiter=self._separator, strict=True)

    @contextmanager
    def _lines(self) -> Generator[Iterator[str]]:
        if self._path.stat().st_size > MAX_BYTES:
            raise DataError(f"{self._path}: larger than {MAX_BYTES:,} bytes", SMALLER)
        with unpacking(self._path) as raw, io.TextIOWrapper(raw, encoding=self._encoding, newline="") as file:
            yield iter(functools.partial(file.readline, _LONGEST), "")  # a file may be one line


def _rows(reader: Any, count: int) -> list[Row]:
    """The next rows, at most so many; those without anything in their fields are passed over."""
    found: list[Row] = []
    while not found and (rows := list(itertools.islice(reader, count))):
        found = [row for row in rows if row and (row[0] or any(row))]
    return found


def separator_of(lines: Sequence[str]) -> str:
    """What separates the fields of a table's first lines: what parts all of them into as many fields, two or more.

    Where nothing does, what parts the most lines; a comma, where there is but one column.
    """
    widths = {separator: _widths(lines, separator) for separator in _SEPARATORS}
    for separator, found in widths.items():
        body = found[1:] or found
        if body and min(body) == max(body) > 1 and found[0] in (body[0], max(2, body[0] - 1)):
            return separator
    return max(reversed(_SEPARATORS), key=lambda separator: sum(width > 1 for width in widths[separator]))


def _widths(lines: Sequence[str], separator: str) -> list[int]:
    """How many fields each line has that has any; those of the last, which may have been cut off, are not counted."""
    try:
        return [len(row) for row in csv.reader(lines, delimiter=separator) if any(row)]
    except csv.Error:
        return []
