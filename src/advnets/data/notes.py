"""What a source says of its rows, kept on disk: memory holds the different values of a column, and not the rows.

    names.bin, names.ends   the rows' names without their folders, one after the other, and where each ends (uint64)
    0.codes, 0.values       of a column which value a row has (int32, -1 for none), and the values, a line of JSON each

Folders, splits, sizes and pages of the rows are columns like those that the source has.
"""

from __future__ import annotations

import heapq
import itertools
import json
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.cache_files import writing

KNOWN = 1 << 16
"""Values of a column that are known in memory: one that comes again after so many others is written again."""
ROWS_AT_ONCE = 1 << 16
_FOLDER, _SPLIT, _SIZE, _PAGE = "/folder", "/split", "/size", "/page"
_OF_SOURCE = "."  # before the names that a source gives its columns
_FLUSH = 1 << 13  # rows
_SEPARATOR = "\0"
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class RowNote:
    """What the source says of a row that was written, and the height and width that its image had.

    Args:
        file: the path of its file below the source.
        page: of a file that has several, from 1; else 0.
    """

    file: str
    columns: Mapping[str, object] = field(default_factory=dict[str, object])
    split: str = ""
    size: tuple[int, int] = (0, 0)
    page: int = 0


@dataclass(frozen=True)
class Coded:
    """A column: its values, and which of them each row has.

    Args:
        values: what there is; one may be there twice. They can be gone through again.
        codes: int32, N, places in `values`, -1 where a row has none.
    """

    values: Collection[Any]
    codes: Codes

    @property
    def lacking(self) -> bool:
        """Whether some row has none."""
        return any(bool((part < 0).any()) for part in parts(self.codes))

    def table(self, of: Callable[[Any], Any], missing: object, dtype: Any) -> NDArray[Any]:
        """What a function makes of each row's value, N x ...; `missing` where there is none.

        Args:
            dtype: of what it makes; with a shape, where these are tuples.
        """
        made = itertools.chain(map(of, self.values), (missing,))  # -1 is the last place
        return spread(np.fromiter(made, np.dtype(dtype), len(self.values) + 1), self.codes)


def parts(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """An array, some rows at a time."""
    return (values[start : start + ROWS_AT_ONCE] for start in range(0, len(values), ROWS_AT_ONCE))


def spread(table: NDArray[Any], codes: Codes) -> NDArray[Any]:
    """`table[codes]`, without all the indices in memory at once."""
    found = np.empty((len(codes), *table.shape[1:]), table.dtype)
    for start in range(0, len(codes), ROWS_AT_ONCE):
        found[start : start + ROWS_AT_ONCE] = table[codes[start : start + ROWS_AT_ONCE]]
    return found


def coded(values: Iterable[Any]) -> Coded:
    """Values of rows in memory, hashable; None where a row has none."""
    known: dict[Any, int] = {}
    codes = [-1 if value is None else known.setdefault(value, len(known)) for value in values]
    return Coded(list(known), np.array(codes, np.int32))


class Lines(Collection[Any]):
    """Values in a file, a line of JSON each: read anew whenever they are gone through."""

    def __init__(self, path: Path, count: int) -> None:
        self._path, self._count = path, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        with self._path.open("rb") as file:
            yield from map(json.loads, file)

    def __contains__(self, value: object) -> bool:
        return any(each == value for each in self)


class _Growing:
    """A column that rows are added to.

    Args:
        path: of its files, without their endings.
        rows: that it has.
        values: that it has.
    """

    def __init__(self, path: Path, rows: int = 0, values: int = 0) -> None:
        self.codes_path, self.values_path = path.with_suffix(".codes"), path.with_suffix(".values")
        self.rows, self.values = rows, values
        self._codes, self._lines = array("i"), list[bytes]()
        self._known: dict[str | bytes, int] = {}
        if values:
            for place, line in enumerate(self.values_path.read_bytes().splitlines()[-KNOWN:], max(0, values - KNOWN)):
                self._known[json.loads(line) if line.startswith(b'"') else line] = place

    def put(self, row: int, value: object) -> None:
        """Gives a row its value."""
        self.fill(row)
        key = value if isinstance(value, str) else _line(value)
        code = self._known.get(key)
        if code is None:
            if len(self._known) >= KNOWN:
                self._known.clear()
            code = self._known[key] = self.values
            self._lines.append(_line(value))
            self.values += 1
        self._codes.append(code)
        self.rows += 1

    def fill(self, rows: int) -> None:
        """Has rows up to this number without a value."""
        self._codes.extend(itertools.repeat(-1, rows - self.rows))
        self.rows = rows

    def flush(self) -> None:
        """Writes what was added."""
        _append(self.codes_path, self._codes.tobytes())
        _append(self.values_path, b"".join(line + b"\n" for line in self._lines))
        self._codes, self._lines = array("i"), []

    def read(self) -> Coded:
        """What was flushed."""
        lines = Lines(self.values_path, self.values)
        return Coded(lines if self.values > KNOWN else list(lines), _mapped(self.codes_path, np.int32))


class Notes:
    """The notes of rows.

    Args:
        folder: where they are kept.
        begun: `facts` of notes that were kept there, which go on.
    """

    def __init__(self, folder: Path, begun: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        self.count = 0 if begun is None else int(begun["rows"])
        self._waiting: list[RowNote] = []
        self._names, self._ends = bytearray(), array("Q")
        self._last = 0 if begun is None else int(begun["last"])
        kept = {} if begun is None else begun["columns"]
        self._columns = {
            name: _Growing(folder / str(place), self.count, values) for place, (name, values) in enumerate(kept.items())
        }
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir() if begun is None else ():
                path.unlink()

    @property
    def rows(self) -> int:
        """How many there are, with those that wait."""
        return self.count + len(self._waiting)

    @property
    def settled(self) -> bool:
        """Whether none waits."""
        return not self._waiting

    def add(self, rows: Iterable[RowNote]) -> None:
        """Adds rows of which more may be said, until they are settled."""
        self._waiting += rows

    def settle(self) -> None:
        """Takes all that is said of the rows so far for whole."""
        for row in self._waiting:
            self._take(row)
            if len(self._ends) == _FLUSH:
                self.flush()
        self._waiting = []

    def flush(self) -> list[Path]:
        """Writes all that is settled; the files that it is in.

        Raises:
            DataError: the cache cannot be written.
        """
        names, ends = self.folder / "names.bin", self.folder / "names.ends"
        _append(names, bytes(self._names))
        _append(ends, self._ends.tobytes())
        self._names, self._ends = bytearray(), array("Q")
        for column in self._columns.values():
            column.fill(self.count)
            column.flush()
        return [names, ends, *(path for each in self._columns.values() for path in (each.codes_path, each.values_path))]

    def facts(self) -> dict[str, object]:
        """What it takes, beside the files, to go on."""
        columns = {name: column.values for name, column in self._columns.items()}
        return {"rows": self.count, "last": self._last, "columns": columns}

    def columns(self) -> dict[str, Coded]:
        """What the source says, column by column, in the order in which they came first."""
        return {name[1:]: each.read() for name, each in self._columns.items() if name.startswith(_OF_SOURCE)}

    def folders(self) -> Coded:
        """The folders of the rows' files: "cats/old", or nothing."""
        return self._own(_FOLDER)

    def splits(self) -> Coded:
        """The splits that the source says."""
        return self._own(_SPLIT)

    def files(self) -> Iterator[str]:
        """The paths of the rows' files."""
        return (file for file, _ in self._files_and_pages())

    def file(self, row: int) -> str:
        """The path of a row's file."""
        return next(self._files_and_pages(row))[0]

    def name(self, row: int) -> str:
        """What a row is called: its file, and which page of it it is."""
        return _called(*next(self._files_and_pages(row)))

    def said(self, mask: NDArray[np.bool_], most: int) -> tuple[int, list[str]]:
        """How many rows a mask has, and what the first of them are called."""
        starts = range(0, len(mask), ROWS_AT_ONCE)
        rows = (start + int(row) for start in starts for row in np.flatnonzero(mask[start : start + ROWS_AT_ONCE]))
        return int(np.count_nonzero(mask)), [self.name(row) for row in itertools.islice(rows, most)]

    def sizes(self) -> NDArray[np.int32]:
        """Heights and widths, int32, N x 2, mapped from disk."""
        found = self._own(_SIZE)
        table = np.array([size.split() for size in found.values], np.int32).reshape(-1, 2)
        sizes = np.memmap(self.folder / "sizes.bin", np.int32, "w+", shape=(self.count, 2))
        for start in range(0, self.count, ROWS_AT_ONCE):
            sizes[start : start + ROWS_AT_ONCE] = table[found.codes[start : start + ROWS_AT_ONCE]]
        return sizes

    def listing(self) -> NDArray[np.uint8]:
        """What all rows are called, a zero byte between two, uint8, mapped from disk."""
        path = self.folder / "listing.bin"
        with writing(path), path.open("wb") as file:
            for start, (name, page) in enumerate(self._files_and_pages()):
                file.write(_bytes((_SEPARATOR if start else "") + _called(name, page)))
        return _mapped(path, np.uint8)

    def order(self) -> NDArray[np.int64] | None:
        """The rows by file and page, int64, N; None where they come in that order."""
        if all(one <= other for one, other in itertools.pairwise(self._files_and_pages())):
            return None
        keys = ((*key, row) for row, key in enumerate(self._files_and_pages()))
        runs: list[Lines] = []
        while run := sorted(itertools.islice(keys, ROWS_AT_ONCE)):
            path = self.folder / f"order-{len(runs)}.jsonl"
            with writing(path):
                path.write_bytes(b"".join(_line(each) + b"\n" for each in run))
            runs.append(Lines(path, len(run)))
        return np.fromiter((row for *_, row in heapq.merge(*runs)), np.int64, self.count)

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Brings the rows into another order: row i becomes what row order[i] was."""
        self.flush()
        text, ends = self._text()
        files = self.folder / "names.bin", self.folder / "names.ends"
        last = 0
        with writing(self.folder), _aside(files[0]).open("wb") as names, _aside(files[1]).open("wb") as places:
            for row in order:
                name = text[int(ends[row - 1]) if row else 0 : int(ends[row])].tobytes()
                names.write(name)
                places.write(np.uint64(last := last + len(name)).tobytes())
        for column in self._columns.values():
            codes = _mapped(column.codes_path, np.int32)
            with writing(self.folder), _aside(column.codes_path).open("wb") as file:
                for start in range(0, len(order), ROWS_AT_ONCE):
                    file.write(codes[order[start : start + ROWS_AT_ONCE]].tobytes())
        for path in (*files, *(column.codes_path for column in self._columns.values())):
            with writing(path):
                _aside(path).replace(path)

    def _take(self, row: RowNote) -> None:
        folder, _, name = row.file.rpartition("/")
        text = _bytes(name.replace(_SEPARATOR, "�"))
        self._names += text
        self._last += len(text)
        self._ends.append(self._last)
        self._column(_FOLDER).put(self.count, folder.replace(_SEPARATOR, "�"))
        self._column(_SIZE).put(self.count, f"{row.size[0]} {row.size[1]}")
        if row.split:
            self._column(_SPLIT).put(self.count, row.split)
        if row.page:
            self._column(_PAGE).put(self.count, row.page)
        for key, value in row.columns.items():
            self._column(_OF_SOURCE + key).put(self.count, value)
        self.count += 1

    def _column(self, key: str) -> _Growing:
        if (found := self._columns.get(key)) is None:
            found = self._columns[key] = _Growing(self.folder / str(len(self._columns)))
        return found

    def _own(self, key: str) -> Coded:
        return self._columns[key].read() if key in self._columns else Coded([], _none(self.count))

    def _text(self) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
        return _mapped(self.folder / "names.bin", np.uint8), _mapped(self.folder / "names.ends", np.uint64)

    def _files_and_pages(self, first: int = 0) -> Iterator[tuple[str, int]]:
        text, ends = self._text()
        folders, pages = self._own(_FOLDER), self._own(_PAGE)
        known, numbers = list(folders.values), [*pages.values, 0]
        for start in range(first, self.count, ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            places = ends[part].tolist()
            begin = base = int(ends[start - 1]) if start else 0
            names = text[base : places[-1]].tobytes()
            for end, folder, page in zip(places, folders.codes[part].tolist(), pages.codes[part].tolist(), strict=True):
                name = names[begin - base : end - base].decode("utf-8", "surrogatepass")
                yield f"{known[folder]}/{name}" if known[folder] else name, numbers[page]
                begin = end


def _called(file: str, page: int) -> str:
    return f"{file}#{page}" if page else file


def _line(value: object) -> bytes:
    return json.dumps(value, default=_plain, skipkeys=True).encode("ascii")


def _plain(value: object) -> object:
    """What JSON does not have: arrays as lists, bytes as text; of anything else, that there is something."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else {}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _none(count: int) -> Codes:
    return np.broadcast_to(np.int32(-1), count)


def _aside(path: Path) -> Path:
    return path.with_suffix(f"{path.suffix}.ordered")


def _append(path: Path, content: bytes) -> None:
    with writing(path), path.open("ab") as file:
        file.write(content)


def _mapped(path: Path, dtype: Any) -> NDArray[Any]:
    """An array of all that a file holds, mapped read-only."""
    size = path.stat().st_size
    return np.memmap(path, dtype, "r") if size else np.empty(0, dtype)
