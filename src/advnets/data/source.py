"""The common face of every source: how it is recognized in the cache, and how its rows are written."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.blocks import Blocks, write_blocks
from advnets.data.classes import array_labels, array_vectors
from advnets.data.marks import Marks, marks_of
from advnets.data.options import Options
from advnets.data.pictures import Pictures, write_pictures
from advnets.data.table import Skipped
from advnets.data.writer import RowWriter
from advnets.errors import DataError

SAMPLED_BYTES, SAMPLES = 4096, 16
"""Of a file's content, what is read to see whether it is what it was: so many bytes at so many places."""


@dataclass(frozen=True)
class Written:
    """What goes with the rows that a source wrote.

    Args:
        marks: classes, conditions and splits.
        ranges: the fixed splits of a published set; None where the marks have them, or they are drawn by content.
        skipped: files that were left out.
        notes: what was noticed, each a sentence without its full stop.
    """

    marks: Marks = field(default_factory=Marks)
    ranges: Mapping[str, tuple[int, int]] | None = None
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """Something that images come from.

    Args:
        name: the table's name.
        identity: JSON that changes whenever the source may have changed; cheap to find out.
        write: appends every row, and says what goes with them.
        stack_of: the named data set that each channel is an image of; empty where channels are colors.
        format: what it was recognized as, in words.
    """

    name: str
    identity: list[object]
    write: Callable[[RowWriter, Options], Written]
    stack_of: str = ""
    format: str = ""


@dataclass(frozen=True)
class Labels:
    """Labels that come as arrays.

    Args:
        values: integers or texts, N or N x 1; or floats or many-hot integers N x V, which become vectors.
        classes: the names of integers 0, 1, ...; empty where each distinct value is a class.
    """

    values: NDArray[Any]
    classes: tuple[str, ...] = ()


def lazy_source(name: str, identity: list[object], find: Callable[[], Source], format: str = "") -> Source:
    """A source that is looked into only when the cache does not know it."""
    return Source(name, identity, lambda writer, options: find().write(writer, options), format=format)


def with_remarks(source: Source, notes: tuple[str, ...] = (), skipped: tuple[Skipped, ...] = ()) -> Source:
    """A source of which more is said once it is written."""

    def write(writer: RowWriter, options: Options) -> Written:
        done = source.write(writer, options)
        return dataclasses.replace(done, notes=(*done.notes, *notes), skipped=(*done.skipped, *skipped))

    return dataclasses.replace(source, write=write)


def file_identity(*paths: Path) -> list[object]:
    """What tells whether files are those that they were: path, size, times, inode and a digest of sampled bytes."""
    return [[str(path.resolve()), *stat_identity(path), sampled_digest(path)] for path in paths]


def stat_identity(path: Path) -> list[object]:
    """Size, time of change, time of change of the inode, and inode."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def sampled_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's first and last bytes and of some between; of all of a small one."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        last = max(0, path.stat().st_size - SAMPLED_BYTES)
        for place in sorted({last * number // (SAMPLES - 1) for number in range(SAMPLES)}):
            file.seek(place)
            digest.update(file.read(SAMPLED_BYTES))
    return digest.hexdigest()


def pictures_source(
    name: str,
    identity: list[object],
    pictures: Pictures,
    names: Mapping[str, tuple[str, ...]] | None = None,
    format: str = "",
    columns_first: bool = False,
) -> Source:
    """A source of image files, whose sub-folders may be classes or splits.

    Args:
        names: of columns of integers, what each of them means.
        columns_first: whether a column of labels goes before folders.
    """

    def write(writer: RowWriter, options: Options) -> Written:
        read = write_pictures(pictures, writer, options)
        marks = marks_of(pictures.name, read, options.labels, names or {}, pictures.empty(), columns_first)
        return Written(marks, None, (*read.skipped, *marks.skipped), (*read.said(), *marks.notes))

    return Source(name, identity, write, format=format)


def blocks_source(
    name: str,
    identity: list[object],
    blocks: Blocks,
    labels: Callable[[], Mapping[str, Labels]] | None = None,
    vectors: NDArray[Any] | None = None,
    splits: Callable[[], NDArray[np.uint8]] | None = None,
    format: str = "",
    columns: tuple[str, ...] = (),
) -> Source:
    """A source of arrays.

    Args:
        labels: gives columns of labels by name. The first is taken, or the one that the option `labels` names.
        vectors: floats, N x V, conditions that are no classes.
        splits: gives the split of each row, a place in `table.SPLITS`.
        columns: what the vectors' numbers are called; passed over where they are not as many.
    """

    def write(writer: RowWriter, options: Options) -> Written:
        if options.labels == "folder":
            raise DataError(f"{blocks.name}: labels by folder need image files", "use labels auto or none")
        if labels is None and options.labels not in ("auto", "none"):
            remedy = "there are no columns of labels; use labels auto or none"
            raise DataError(f"{blocks.name}: no column {options.labels!r} of labels", remedy)
        wanted = options.labels != "none"
        conditions = array_vectors(blocks.name, vectors, blocks.count) if wanted and vectors is not None else None
        notes = write_blocks(blocks, writer, options)
        marks = _array_marks(blocks, labels, options.labels) if wanted and labels is not None else Marks()
        if conditions is not None:
            named = columns if len(columns) == conditions.shape[1] else ()
            marks = dataclasses.replace(marks, vectors=conditions, columns=named)
        if splits is not None:
            marks = dataclasses.replace(marks, splits=splits())
        return Written(marks, blocks.ranges, (), (*notes, *marks.notes))

    return Source(name, identity, write, format=format)


def _array_marks(blocks: Blocks, given: Callable[[], Mapping[str, Labels]], wanted: str) -> Marks:
    """The column of labels that is wanted, as classes or as vectors."""
    columns = given()
    if wanted not in (*columns, "auto"):
        there = ", ".join(columns) or "none"
        raise DataError(f"{blocks.name}: no column {wanted!r} of labels", f"columns are: {there}; or use labels auto")
    if not columns:
        return Marks()
    name = next(iter(columns)) if wanted == "auto" else wanted
    others = [each for each in columns if each != name]
    notes = (f"classes are {name}; --labels {others[0]} takes {others[0]}",) if others else ()
    chosen = columns[name]
    if chosen.values.ndim == 2 and chosen.values.shape[1] > 1 and chosen.values.dtype.kind in "fiub":
        return Marks(vectors=array_vectors(blocks.name, chosen.values, blocks.count), notes=notes)
    labels, found = array_labels(blocks.name, chosen.values, blocks.count)
    if chosen.classes:
        labels, found = chosen.values.reshape(-1).astype(np.int64), chosen.classes
        if labels.size and not (labels.min() >= -1 and labels.max() < len(found)):
            what = f"{blocks.name}: labels from {labels.min()} to {labels.max()} for {len(found)} classes"
            raise DataError(what, "look for damage in the file, or use labels none")
    return Marks(labels, found, notes=notes)
