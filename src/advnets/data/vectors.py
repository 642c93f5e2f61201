"""Tables of numbers as data: any number of columns, standardized by the training rows, split by what is in a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advnets.data.arrays import Arrays, arrays_of, read_npz
from advnets.data.classes import array_labels, array_vectors, known_classes, single_classes
from advnets.data.formats.tabular import Column, Columns, Texts, Unusable, named_numbers
from advnets.data.formats.vectors import is_vectors_file, read_columns
from advnets.data.named import NAMED
from advnets.data.points import PointTable
from advnets.data.scale import Scale, fit_scale
from advnets.data.splits import split_by_key
from advnets.data.table import Skipped, counted, skip
from advnets.errors import DataError

Vectors = str | Path | NDArray[Any] | tuple[NDArray[Any], ArrayLike]
"""A file of columns; numbers in memory, N x D; or a pair of these and their labels, or vectors as conditions."""

LABEL_NAMES = ("label", "labels", "class", "classes", "target", "targets", "y")
"""What a column is called, in any case, that gives the classes where nobody says which does."""
_MOST_CLASSES, _ROWS_A_CLASS = 1000, 5  # of such a column: with more or fewer, it holds something else
_ROW_NUMBERS = ("", "unnamed: 0", "index", "id", "rownames", "__index_level_0__")
"""What a column is called, in any case, that programs write beside a table to number its rows."""
_NAMED = 10  # columns in a message

Labelled = tuple[NDArray[np.int64] | None, tuple[str, ...]]


def is_vectors(source: object) -> bool:
    """Whether a source of data is a table of numbers: CSV, Parquet without images, an array N x D or a file of one.

    Raises:
        DataError: a file that cannot be looked into.
    """
    if isinstance(source, tuple):
        return bool(source) and is_vectors(source[0])
    if isinstance(source, np.ndarray):
        return source.ndim == 2
    if not isinstance(source, str | Path) or source in NAMED:
        return False
    try:
        return is_vectors_file(Path(source).expanduser())
    except OSError as error:
        raise DataError(f"{source}: cannot be read ({error.strerror})", "check the path and its permissions") from error


def open_vectors(source: Vectors, *, labels: str = "auto", holdout: float = 0.1, strict: bool = False) -> PointTable:
    """Opens a table of numbers, whole, in memory.

    Every column of numbers is played with, in standard deviations from its mean over the training rows; a column that
    is constant there is put aside, and back into samples. Columns of text, dates and the like, and row numbers are left
    out and named.

    Args:
        source: CSV (commas, semicolons, tabs or bars; plain or packed), Parquet, .npy or .npz; an array N x D; or a
            pair of an array and an integer or text for each row, or floats N x V, which become `vectors`.
        labels: the column of text or whole numbers whose values are the classes. "auto" takes the first one named as
            in `LABEL_NAMES` with at most 1,000 values and 5 rows or more a value; "none" leaves labels out.
        holdout: share of rows for "valid" and for "test" each, 0 <= holdout < 0.5, drawn by a hash of the numbers.
        strict: refuse a column that would be left out.

    Returns:
        The table: float32, N x D, with its scale.

    Raises:
        DataError: the source cannot be read or used; a number is missing or not finite.
    """
    if not 0 <= holdout < 0.5:
        raise DataError(f"holdout {holdout} is outside 0 to 0.5", "give the share of rows for each of valid and test")
    if labels == "folder":
        raise DataError("labels by folder need image files", "use labels auto or none, or name a column")
    found, given = _read(source)
    label = _label_column(found, given, labels)
    parts = _part(found, label, asked=labels != "auto")
    if strict and parts.skipped:
        raise DataError(f"{found.name}: {parts.skipped[0]}", "leave the column out of the file, or do without strict")
    conditions = _conditions(found, given if labels == "auto" else Arrays(given.images), label)
    return _table(source, found, parts, conditions, holdout)


@dataclass(frozen=True)
class _Parts:
    """Which columns are played with, and what was left out."""

    names: tuple[str, ...]
    label: str
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, eq=False)
class _Conditions:
    """What goes with the rows."""

    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    vectors: NDArray[np.float32] | None


def _read(source: Vectors) -> tuple[Columns, Arrays]:
    """The columns of a source, and what arrays came with them."""
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        if path.suffix != ".npz":
            return read_columns(path), Arrays(np.empty(0))
        given = read_npz(path)
        return named_numbers(str(path), given.images), given
    values, labels = source if isinstance(source, tuple) else (source, None)
    given = arrays_of("array", values, None if labels is None else np.asarray(labels), None)
    return named_numbers("array", values), given


def _label_column(found: Columns, given: Arrays, labels: str) -> str:
    """The column that the classes come from; empty for none."""
    if labels == "none":
        return ""
    if labels != "auto" and given.labels is not None:
        raise DataError(f"labels twice, as an array and as column {labels}", "leave one of them out")
    if labels != "auto":
        if labels not in found.columns:
            raise DataError(f"{found.name} has no column {labels!r}", f"name one of {_some(list(found.columns))}")
        _class_names(found, labels)
        return labels
    named = (name for name in found.columns if name.casefold() in LABEL_NAMES)
    return next((name for name in named if _is_of_classes(found.columns[name], found.count)), "")


def _is_of_classes(column: Column, count: int) -> bool:
    """Whether a column that is named so holds classes."""
    if isinstance(column, Unusable):
        return False
    if isinstance(column, Texts):
        different = len(column.values)
    else:
        known = column[~np.isnan(column)]
        if not (known == np.round(known)).all():
            return False
        different = len(np.unique(known))
    return 0 < different <= min(_MOST_CLASSES, count // _ROWS_A_CLASS)


def _class_names(found: Columns, name: str) -> NDArray[np.str_]:
    """The name of each row's class; empty where it is not known."""
    column = found.columns[name]
    if isinstance(column, Texts):
        return np.array([*column.values, ""])[column.codes]
    if isinstance(column, Unusable):
        raise DataError(f"{found.name}: column {name}: {column.reason}", "name a column of text or whole numbers")
    known = column[~np.isnan(column)]
    if not (known == np.round(known)).all():
        raise DataError(
            f"{found.name}: column {name} is not of whole numbers", "name a column of text or whole numbers"
        )
    different, back = np.unique(column, return_inverse=True)  # NaN last
    return np.array(["" if np.isnan(value) else f"{value + 0.0:.0f}" for value in different])[back]


def _part(found: Columns, label: str, asked: bool) -> _Parts:
    names, skipped = list[str](), list[Skipped]()
    if label and not asked and not isinstance(found.columns[label], Texts):
        skipped.append(skip(f"column {label}", "its values are classes; --labels none makes it one of the numbers"))
    for name, column in found.columns.items():
        if label and name == label:
            continue
        if reason := _why_not(name, column):
            skipped.append(skip(f"column {name}" if name else "the first column", reason))
        else:
            names.append(name)
    if not names:
        remedy = "give a table with columns of numbers"
        raise DataError(f"{found.name}: no column of numbers ({'; '.join(map(str, skipped[:_NAMED]))})", remedy)
    return _Parts(tuple(names), label, tuple(skipped))


def _why_not(name: str, column: Column) -> str:
    """Why a column is not played with; empty where it is."""
    if isinstance(column, Unusable):
        return column.reason
    if isinstance(column, Texts):
        example = column.values[0] if column.values else ""
        return f"text, such as {example!r}; --labels {name} makes classes of it"
    if np.isnan(column).all():
        return "empty"
    if name.casefold() in _ROW_NUMBERS and (np.diff(column) == 1).all():
        return "row numbers"
    return "" if name else "it has no name; give it one to play with it"


def _conditions(found: Columns, given: Arrays, label: str) -> _Conditions:
    vectors = None if given.vectors is None else array_vectors(found.name, given.vectors, found.count)
    if label:
        return _Conditions(*known_classes(found.name, *_labelled(_class_names(found, label))), vectors)
    if given.labels is None:
        return _Conditions(None, (), vectors)
    return _Conditions(*known_classes(found.name, *array_labels(found.name, given.labels, found.count)), vectors)


def _labelled(names: NDArray[np.str_]) -> Labelled:
    """Numbers of classes, -1 where unknown; classes in the order of their values, or of the alphabet."""
    classes = sorted(set(names.tolist()) - {""}, key=_order)
    index = {name: number for number, name in enumerate(classes)} | {"": -1}
    return np.array([index[name] for name in names.tolist()], np.int64), tuple(classes)


def _order(name: str) -> tuple[bool, float, str]:
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name


def _matrix(found: Columns, names: Sequence[str]) -> NDArray[np.float64]:
    """The columns of numbers, N x K.

    Raises:
        DataError: fewer than two rows, or a number that is missing or not finite.
    """
    if found.count < 2:
        raise DataError(f"{found.name}: {found.count} row(s)", "give a table with at least two rows")
    values = np.stack([_numbers(found, name) for name in names], 1)
    _check_finite(found, names, values)
    return values


def _numbers(found: Columns, name: str) -> NDArray[np.float64]:
    column = found.columns[name]
    if isinstance(column, Texts | Unusable):
        raise DataError(f"{found.name}: column {name} is not of numbers", "give numbers in it")
    return column


def _check_finite(found: Columns, names: Sequence[str], values: NDArray[Any]) -> None:
    finite = np.isfinite(values)
    if finite.all():
        return
    rows = np.flatnonzero(~finite.all(1))
    row, place = int(rows[0]), int(np.flatnonzero(~finite[rows[0]])[0])
    kind = "no number" if np.isnan(values[row, place]) else "not finite"
    more = f" ({len(rows):,} of {found.count:,} rows have such values)" if len(rows) > 1 else ""
    where = f"{found.name}: {found.where(row)}, column {names[place]}"
    raise DataError(f"{where}: {kind}{more}", "fill it in, or leave out the rows or the column")


def _table(source: Vectors, found: Columns, parts: _Parts, given: _Conditions, holdout: float) -> PointTable:
    values = _matrix(found, parts.names) + 0.0  # no minus zero: equal rows have equal bytes
    splits = split_by_key(_keys(values), holdout)
    scale = fit_scale(parts.names, values, splits["train"], parts.label)
    if not len(scale.varying):
        raise DataError(f"{found.name}: every column of numbers is constant", "give a table with numbers that vary")
    points = scale.standardize(values)
    _check_finite(found, scale.names, points)
    facts = json.dumps([scale.facts(), given.classes], sort_keys=True)
    digest = hashlib.sha256(facts.encode())
    for array in (values, given.labels, given.vectors):
        digest.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
    for array in (points, given.labels, *splits.values()):
        if array is not None:
            array.flags.writeable = False
    constant = [
        skip(f"column {name}", "constant where it is trained on; samples have its value")
        for name, deviation in zip(scale.columns, scale.deviations, strict=True)
        if not deviation
    ]
    single = single_classes(given.labels, given.classes)
    notes = (f"a single row in {counted(single, 'class', 'classes')}",) if single else ()
    return PointTable(
        "array" if isinstance(source, np.ndarray | tuple) else Path(source).name,
        points, given.labels, given.classes, digest.hexdigest(), splits, scale, (*parts.skipped, *constant),
        given.vectors, notes=notes,
    )  # fmt: skip


def _keys(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """64 bits that depend on the numbers of a row alone, so that a row keeps its side whatever is added to a table."""
    rows = (hashlib.sha256(row.tobytes()).digest()[:8] for row in values)
    return np.frombuffer(b"".join(rows), ">u8").astype(np.uint64)


def rows_like(
    source: str | Path | NDArray[Any], scale: Scale | None, width: int, columns: Sequence[str] | None = None
) -> NDArray[np.float32]:
    """Rows of other origin, as samples are, as the points of a table.

    Args:
        source: a file of columns, matched by name where it has names; or numbers in memory, N x K.
        scale: the table's; None where its points are in their own units.
        width: of these points.
        columns: names of the columns in memory, where they have names.

    Returns:
        float32, N x D.

    Raises:
        DataError: columns are missing, or a number is; or the source cannot be read.
    """
    found, _ = _read(source)
    if scale is None:
        names = list(found.columns)
        if len(names) != width:
            raise DataError(f"{found.name}: rows of {len(names)} numbers", f"give points, N x {width}")
        return _matrix(found, names).astype(np.float32)
    if columns is not None:
        found = Columns(found.name, dict(zip(columns, found.columns.values(), strict=True)), found.count, found.where)
    names = _matched(found, scale)
    values = np.tile(np.array(scale.means), (found.count, 1))
    values[:, scale.varying] = _matrix(found, names)
    points = scale.standardize(values)
    _check_finite(found, names, points)
    return points


def _matched(found: Columns, scale: Scale) -> list[str]:
    """The names that the columns to be played with have in other rows: their own; without names, by their places."""
    places = [f"x{place + 1}" for place in range(len(found.columns))]
    if list(found.columns) == places and len(places) in (len(scale.columns), len(scale.names)):
        chosen = scale.varying if len(places) == len(scale.columns) else range(len(places))
        return [places[place] for place in chosen]
    missing = [name for name in scale.names if name not in found.columns]
    if missing:
        what = f"{found.name} lacks {'column' if len(missing) == 1 else 'columns'} {_some(missing)}"
        raise DataError(what, f"give samples with the columns {_some(list(scale.columns))}")
    return list(scale.names)


def _some(names: Sequence[str]) -> str:
    more = f", ... ({len(names):,} in all)" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
