"""Files that hold a table of numbers, a row each: told by their content, read as columns."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.arrays import IMAGE_KEYS, UNREADABLE, read_npy
from advnets.data.formats.delimited import read_csv
from advnets.data.formats.tabular import (
    MAX_BYTES,
    MAX_TEXTS,
    SMALLER,
    Column,
    Columns,
    Texts,
    Unusable,
    check_size,
    header_names,
    named_numbers,
    row_from_0,
)
from advnets.data.npz import array_header
from advnets.errors import DataError

SUFFIXES = ".csv", ".tsv", ".csv.gz", ".tsv.gz"
"""What the names of tables in text end in; `advnets.config.names.TABLES` says the same."""
PARQUET = b"PAR1"
_NPY, _ZIP = b"\x93NUMPY", b"PK"
_OF_IMAGES = ("bytes", "path")  # fields of a column of images, as datasets writes them


def is_vectors_file(path: Path) -> bool:
    """Whether a file holds a table of numbers: CSV by its name; Parquet without images, NumPy arrays N x D by content.

    Raises:
        DataError: Parquet, and the package that reads it is not there.
        OSError: it cannot be read.
    """
    if not path.is_file():
        return False
    if path.name.lower().endswith(SUFFIXES):
        return True
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(PARQUET):
        return not _has_images(path)
    if magic.startswith(_NPY):
        return _dimensions(path) == 2
    return magic.startswith(_ZIP) and path.suffix == ".npz" and _dimensions_within(path) == 2


def read_columns(path: Path) -> Columns:
    """A table of numbers, from any file that `is_vectors_file` says yes to but .npz, which may hold labels, too.

    Raises:
        DataError: it is damaged, too large, or holds no such table.
    """
    if path.name.lower().endswith(SUFFIXES):
        return read_csv(path)
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(PARQUET):
        return read_parquet(path)
    return read_npy_vectors(path)


def read_npy_vectors(path: Path) -> Columns:
    """Columns x1, x2, ... of an array N x D in a .npy file.

    Raises:
        DataError: it is damaged, too large, or holds no numbers N x D.
    """
    return named_numbers(str(path), read_npy(path))


def read_parquet(path: Path) -> Columns:
    """Columns of a Parquet file: numbers of any kind, truth values as 0 and 1, text, dictionaries of text.

    Raises:
        DataError: it is damaged or too large, or the package that reads it is not there.
    """
    try:
        table = _read_table(path)
        words = header_names(str(path), [name.strip() for name in table.column_names])
        found = {name: _column(values) for name, values in zip(words, table.columns, strict=True)}
    except (OSError, ValueError, MemoryError, arrow("pyarrow").ArrowException) as error:
        raise _unreadable(path, error) from error
    return Columns(str(path), found, table.num_rows, row_from_0)


def _read_table(path: Path) -> Any:
    """All of a Parquet file that is not too large; each text is kept once."""
    schema = _parquet().read_schema(path)
    texts = [field.name for field in schema if _is_text(field.type)]
    file = _parquet().ParquetFile(path, read_dictionary=texts)
    facts = file.metadata
    check_size(str(path), facts.num_rows, len(schema.names))
    size = sum(facts.row_group(number).total_byte_size for number in range(facts.num_row_groups))
    if size > MAX_BYTES:
        raise DataError(f"{path}: {size:,} bytes unpacked, at most {MAX_BYTES:,} are read", SMALLER)
    table = file.read()
    table.validate(full=True)  # a damaged file may point beyond its texts
    return table


def arrow(module: str) -> Any:
    """A module of pyarrow.

    Raises:
        DataError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise DataError("Parquet files need the package pyarrow", 'pip install "advnets[data]"') from error


def _parquet() -> Any:
    return arrow("pyarrow.parquet")


def _has_images(path: Path) -> bool:
    """Whether a Parquet file has a column of images, or of other bytes; of a damaged file nobody knows."""
    types = arrow("pyarrow").types
    try:
        schema = _parquet().read_schema(path)
    except (OSError, ValueError, MemoryError, arrow("pyarrow").ArrowException) as error:
        raise _unreadable(path, error) from error
    kinds = [each for field in schema for each in _types_within(field.type, types)]
    return any(
        types.is_binary(each) or types.is_large_binary(each) or types.is_fixed_size_binary(each) for each in kinds
    )


def _types_within(kind: Any, types: Any) -> Iterator[Any]:
    """A column's type, and those of its fields where it has some."""
    yield kind
    if types.is_struct(kind):
        for place in range(kind.num_fields):
            yield from _types_within(kind.field(place).type, types)


def _column(values: Any) -> Column:
    types, kind = arrow("pyarrow").types, values.type
    if types.is_dictionary(kind) and _is_text(kind.value_type):
        return _texts(values)
    if types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    if types.is_boolean(kind):
        values, kind = values.cast("uint8"), arrow("pyarrow").uint8()
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return _numbers(values)
    return Unusable("empty" if types.is_null(kind) else f"of type {kind}")


def _is_text(kind: Any) -> bool:
    types = arrow("pyarrow").types
    return types.is_string(kind) or types.is_large_string(kind)


def _numbers(values: Any) -> NDArray[np.float64]:
    """float64, NaN where there is none; whole numbers beyond 2^53 are rounded."""
    whole = values.cast("float64", safe=False).combine_chunks()
    return np.array(whole.to_numpy(zero_copy_only=False), np.float64)


def _texts(values: Any) -> Column:
    coded = values.unify_dictionaries().combine_chunks()
    if len(coded.dictionary) > MAX_TEXTS:
        return Unusable(f"more than {MAX_TEXTS:,} different texts")
    codes = np.asarray(coded.indices.to_numpy(zero_copy_only=False), np.float64)
    known = tuple(str(each).strip() for each in coded.dictionary.to_pylist())
    return Texts(np.nan_to_num(codes, nan=-1).astype(np.int64), known)


def _dimensions(path: Path) -> int:
    """How many axes the array of a .npy file has; 0 where it is damaged."""
    try:
        with path.open("rb") as file:
            return len(array_header(file)[0])
    except UNREADABLE:
        return 0


def _dimensions_within(path: Path) -> int:
    """The same of the images, or points, of an .npz file: nothing but the head of the array is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            known = archive.namelist()
            key = next(key for key in IMAGE_KEYS if f"{key}.npy" in known)
            with archive.open(f"{key}.npy") as member:
                return len(array_header(member)[0])
    except (*UNREADABLE, StopIteration):
        return 0


def _unreadable(path: Path, error: BaseException) -> DataError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return DataError(f"{path}: not a readable Parquet file ({reason})", "save it again")
