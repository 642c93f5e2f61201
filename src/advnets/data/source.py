"""The common face of every source: how it is recognized in the cache, and how its rows are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.blocks import Blocks, write_blocks
from advnets.data.classes import array_labels, array_vectors, folder_labels
from advnets.data.options import Options
from advnets.data.pictures import Pictures, write_pictures
from advnets.data.table import Skipped
from advnets.data.writer import RowWriter
from advnets.errors import DataError


@dataclass(frozen=True)
class Written:
    """What goes with the rows that a source wrote."""

    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    ranges: Mapping[str, tuple[int, int]] | None
    skipped: tuple[Skipped, ...]
    vectors: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Source:
    """Something that images come from.

    Args:
        name: the table's name.
        identity: JSON that changes whenever the source may have changed; cheap to find out.
        write: appends every row, and says what goes with them.
        stack_of: the named data set that each channel is an image of; empty where channels are colors.
    """

    name: str
    identity: list[object]
    write: Callable[[RowWriter, Options], Written]
    stack_of: str = ""


def lazy_source(name: str, identity: list[object], find: Callable[[], Source]) -> Source:
    """A source that is looked into only when the cache does not know it."""
    return Source(name, identity, lambda writer, options: find().write(writer, options))


def file_identity(*paths: Path) -> list[object]:
    """Path, size and time of change of files."""
    facts = [(path.resolve(), path.stat()) for path in paths]
    return [[str(path), stat.st_size, stat.st_mtime_ns] for path, stat in facts]


def pictures_source(name: str, identity: list[object], pictures: Pictures) -> Source:
    """A source of image files, whose sub-folders may be classes."""

    def write(writer: RowWriter, options: Options) -> Written:
        names, skipped = write_pictures(pictures, writer, options)
        labels, classes = folder_labels(pictures.name, names, options.labels)
        return Written(labels, classes, None, tuple(skipped))

    return Source(name, identity, write)


def blocks_source(
    name: str,
    identity: list[object],
    blocks: Blocks,
    labels: Callable[[], NDArray[Any]] | None = None,
    classes: tuple[str, ...] = (),
    vectors: NDArray[Any] | None = None,
) -> Source:
    """A source of arrays.

    Args:
        labels: gives the labels, one an image.
        classes: their names, if each label is an index into these; else each distinct label is a class.
        vectors: floats, N x V, conditions that are no classes.
    """

    def write(writer: RowWriter, options: Options) -> Written:
        if options.labels == "folder":
            raise DataError(f"{blocks.name}: labels by folder need image files", "use labels auto or none")
        wanted = options.labels != "none"
        conditions = array_vectors(blocks.name, vectors, blocks.count) if wanted and vectors is not None else None
        write_blocks(blocks, writer, options)
        if labels is None or not wanted:
            return Written(None, (), blocks.ranges, (), conditions)
        values = labels()
        numbers, found = array_labels(blocks.name, values, blocks.count, options.labels)
        if classes:
            numbers, found = values.astype(np.int64), classes
        return Written(numbers, found, blocks.ranges, (), conditions)

    return Source(name, identity, write)
