"""Rows of columns as CSV and Parquet files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.formats.vectors import arrow
from advnets.data.scale import Scale
from advnets.files import write_whole

SUFFIXES = (".csv", ".parquet")
LABEL = "class"
"""What the column of classes is called where the data have no name for it."""


def save_table(rows: NDArray[Any], target: Path, scale: Scale | None, classes: Sequence[str] = ()) -> None:
    """Rows as a table: whole numbers in columns of whole numbers, the classes, if there are any, in the last column.

    Args:
        rows: N x K, in the columns' own units.
        target: a .csv or .parquet file.
        scale: has the columns' names and which are whole; None: x1, x2, ..., with whatever is there.
        classes: of each row, or none.

    Raises:
        DataError: Parquet, and the package that writes it is not there.
        OSError: it cannot be written.
    """
    columns = _columns(rows, scale, classes)
    if target.suffix == ".parquet":
        table, parquet = arrow("pyarrow").table(columns), arrow("pyarrow.parquet")
        write_whole(target, lambda file: parquet.write_table(table, file))
        return
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    write_whole(target, text.getvalue().encode())


def _columns(rows: NDArray[Any], scale: Scale | None, classes: Sequence[str]) -> dict[str, NDArray[Any]]:
    names = [f"x{place + 1}" for place in range(rows.shape[1])] if scale is None else scale.columns
    columns: dict[str, NDArray[Any]] = {}
    for place, name in enumerate(names):
        whole = scale is not None and scale.is_whole(place)
        columns[name] = rows[:, place].astype(np.int64) if whole else rows[:, place]
    if len(classes):
        label = (scale.label if scale is not None else "") or LABEL
        columns[label] = np.array([int(each) for each in classes] if _are_numbers(classes) else list(classes))
    return columns


def _are_numbers(classes: Sequence[str]) -> bool:
    return all(each.removeprefix("-").isdecimal() and str(int(each)) == each for each in set(classes))
