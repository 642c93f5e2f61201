"""Parquet files with a column of images, as on Hugging Face's hub; one, or a folder or pattern of them.

They are read some rows at a time, whatever the size of their row groups.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from advnets.data.archive import bomb, unpacked_limit
from advnets.data.extras import pyarrow_parquet
from advnets.data.formats.arrow_rows import (
    ROWS_AT_ONCE,
    Layout,
    beside,
    broken_tables,
    layout_of,
    most_rows,
    one_line,
    rows_of,
    tables_source,
)
from advnets.data.formats.folder import list_folder
from advnets.data.formats.format import Format, Place, Shard, Sharded
from advnets.data.pictures import Entry
from advnets.data.source import Source, file_identity
from advnets.data.table import Skipped
from advnets.errors import DataError

MAGIC = b"PAR1"
_BUFFER = 1 << 20


def is_parquet(path: Path) -> bool:
    """Whether a file is one of Parquet, by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@contextmanager
def opened(path: Path) -> Generator[Any]:
    """A file of Parquet, open.

    Raises:
        DataError: it is damaged, or declares that it unpacks to more than an archive may.
    """
    parquet, _ = pyarrow_parquet()
    try:
        file = parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True)
    except broken_tables() as error:
        what = f"{path}: not a readable parquet file ({one_line(error)})"
        raise DataError(what, "download or write it again") from error
    with file:
        groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
        if sum(group.total_byte_size for group in groups) > unpacked_limit(path.stat().st_size):
            raise bomb(path)
        yield file


def image_layout(source: str, path: Path) -> Layout | None:
    """What the columns of a file are; None where none has images.

    Raises:
        DataError: it is damaged; or several columns have images.
    """
    with opened(path) as file:
        return layout_of(source, file.schema_arrow, lambda column: _first(file, column))


def _first(file: Any, column: str) -> list[object]:
    """The first values of a column, from the first row group that can be read."""
    for group in range(file.num_row_groups):
        try:
            return next((batch.column(column).to_pylist() for batch in _batches(file, group, [column])), [])
        except broken_tables():
            continue
    return []


def _batches(file: Any, group: int, columns: list[str]) -> Iterator[Any]:
    return file.iter_batches(batch_size=ROWS_AT_ONCE, row_groups=[group], columns=columns, use_threads=False)


def _rows(shard: Shard, layout: Layout) -> Iterator[Entry | Skipped]:
    """The images of a file; a row group that is damaged costs no other."""
    with opened(shard.path) as file:
        row, roots, most = 0, beside(shard, layout), most_rows(shard.path)
        for group in range(file.num_row_groups):
            yield from rows_of(_batches(file, group, layout.wanted), layout, shard, row, roots, most)
            row += file.metadata.row_group(group).num_rows


def _source(name: str, identity: list[object], shards: Sequence[Shard]) -> Source:
    said = "a parquet file of images" if len(shards) == 1 else "parquet files of images"
    return tables_source(name, identity, shards, image_layout, _rows, said)


def _recognize(place: Place) -> Source | None:
    path = place.path
    if not place.head.startswith(MAGIC) or (layout := image_layout(path.name, path)) is None:
        return None
    images = list_folder(path.parent).identity if layout.beside else []
    return _source(path.name, [*file_identity(path), *images], [Shard(path)])


SHARDED = Sharded(is_parquet, _source)
FORMAT = Format("a parquet file", _recognize)
