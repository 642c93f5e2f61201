"""Files beside images that say something of them: tables with a row an image, and StyleGAN's dataset.json.

metadata.csv, .tsv, .jsonl, .parquet    a column of file names and columns of anything (Hugging Face's ImageFolder)
list_attr_celeba.txt and its like       CelebA: count, names, a row an image; list_eval_partition.txt: 0, 1 or 2
dataset.json                            {"labels": [[file, label], ...]}: StyleGAN's dataset_tool.py
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, cast

from advnets.errors import DataError

MAX_BYTES = 256 << 20
MAX_VALUES = 1 << 25
"""Of a Parquet file, where a few bytes may say many: rows x columns."""
FILE_COLUMNS = ("file_name", "filename", "file", "image_id", "image", "image_path", "path", "img", "id", "name")
_TABLES = {".csv", ".tsv", ".jsonl", ".ndjson"}
_CELEBA = ("list_attr", "list_eval_partition", "identity_celeba")
_PARTITION = "partition"


@dataclass(frozen=True)
class Match:
    """Which rows speak of which images.

    Args:
        column: that names the images.
        places: pairs (place of the image, row); empty where no column names an image.
        strange: names in rows that speak of none.
    """

    column: str = ""
    places: Sequence[tuple[int, int]] = ()
    strange: Sequence[str] = ()


@dataclass(frozen=True)
class Side:
    """What a file says of images.

    Args:
        base: the folder that its names lie below.
        columns: name to values, all of one length.
        replaces_folders: whether the images' folders mean nothing, as StyleGAN's 00000, 00001.
    """

    base: str
    columns: Mapping[str, Sequence[object]]
    replaces_folders: bool = False

    def match(self, names: Sequence[str]) -> Match:
        """Which of its rows speaks of which image.

        Args:
            names: the images' paths below the source.
        """
        index = _Index(names, self.base)
        usual, texts = self._candidates()
        for column in usual:
            if (found := self._matched(column, index, by_stem=True)).places:
                return found
        return max(
            (self._matched(column, index) for column in texts), key=lambda each: len(each.places), default=Match()
        )

    def entry(self, row: int, column: str) -> dict[str, object]:
        """What a row says, but for the image's name in `column`."""
        return {name: values[row] for name, values in self.columns.items() if name != column}

    def _matched(self, column: str, index: _Index, by_stem: bool = False) -> Match:
        values = [str(value) for value in self.columns[column]]
        found = [index.find(value, by_stem) for value in values]
        places = [(place, row) for row, place in enumerate(found) if place is not None]
        return Match(column, places, [value for value, place in zip(values, found, strict=True) if place is None])

    def _candidates(self) -> tuple[list[str], list[str]]:
        """Columns that usually name images, and other columns of texts."""
        lowered = {name.lower(): name for name in self.columns}
        usual = [lowered[name] for name in FILE_COLUMNS if name in lowered]
        return usual, [name for name, values in self.columns.items() if name not in usual and _is_text(values)]


def _is_text(values: Sequence[object]) -> bool:
    return bool(values) and isinstance(values[0], str)


class _Index:
    """Images by path, and by name or stem where no other has the same."""

    def __init__(self, names: Sequence[str], base: str) -> None:
        self._found: dict[str, int | None] = {}
        for name_of in (_stem, _base_name, str):
            for place, name in enumerate(names):
                key = name_of(name)
                self._found[key] = None if key in self._found and name_of is not str else place
        self._base = base

    def find(self, value: str, by_stem: bool) -> int | None:
        path = value.replace("\\", "/").removeprefix("./")
        if "." not in path and not by_stem:
            return None
        tried = (self._found.get(key) for key in (f"{self._base}{path}", path, _base_name(path)))
        return next((place for place in tried if place is not None), None)


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _base_name(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def is_side(name: str) -> bool:
    """Whether a file of this name is looked into for what it says of images."""
    base = _base_name(name.lower())  # as texts: this is asked of every file
    suffix = base[max(base.rfind("."), 0) :]
    if suffix in _TABLES or base in ("dataset.json", "metadata.parquet"):
        return True
    return suffix == ".txt" and base.startswith(_CELEBA)


def read_side(name: str, content: bytes) -> Side | None:
    """What a file says of images; None where it does not read as it should.

    Raises:
        DataError: it is a parquet file, and what reads these is not installed.
    """
    base = name[: len(name) - len(_base_name(name))]
    suffix = PurePosixPath(name.lower()).suffix
    try:
        if suffix == ".json":
            return _stylegan(base, json.loads(content))
        if suffix == ".parquet":
            return Side(base, _parquet(content))
        text = content.decode("utf-8-sig")
        if suffix in (".jsonl", ".ndjson"):
            return Side(base, _by_column([json.loads(line) for line in text.splitlines() if line.strip()]))
        return Side(base, _celeba(name, text) if suffix == ".txt" else _separated(text))
    except DataError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error, StopIteration):
        return None


def _stylegan(base: str, found: Any) -> Side | None:
    labels = found["labels"]
    if labels is None:
        return Side(base, {}, replaces_folders=True)
    pairs = list(labels.items() if isinstance(labels, dict) else labels)  # StyleGAN makes a dict of either
    names = [str(name) for name, _ in pairs]
    return Side(base, {"file_name": names, "label": [label for _, label in pairs]}, replaces_folders=True)


def _by_column(rows: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _separated(text: str) -> dict[str, list[object]]:
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text), delimiter=separator)
    header = [name.strip() for name in next(lines)]
    rows: list[list[str]] = [line for line in lines if line]
    if len(set(header)) < len(header) or any(len(row) != len(header) for row in rows):
        raise ValueError
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def _celeba(name: str, text: str) -> dict[str, list[object]]:
    lines = text.splitlines()
    if lines and lines[0].strip().isdigit():
        header, lines = lines[1].split(), lines[2:]
    else:
        header = [_PARTITION if "partition" in name.lower() else "identity"]
    rows = [line.split() for line in lines if line.strip()]
    if not rows or any(len(row) != len(header) + 1 for row in rows):
        raise ValueError
    return {each: [row[place] for row in rows] for place, each in enumerate(("file_name", *header))}


def _parquet(content: bytes) -> dict[str, list[object]]:
    from advnets.data.extras import pyarrow_parquet

    parquet, arrow = pyarrow_parquet()
    try:
        file = parquet.ParquetFile(arrow.BufferReader(content))
        facts = file.metadata
        size = sum(facts.row_group(number).total_byte_size for number in range(facts.num_row_groups))
        if size > MAX_BYTES or facts.num_rows * facts.num_columns > MAX_VALUES:
            raise ValueError
        table = file.read()
        table.validate(full=True)
    except (arrow.ArrowException, OSError) as error:
        raise ValueError from error
    return cast("dict[str, list[object]]", table.to_pydict())
