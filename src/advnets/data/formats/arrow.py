"""Arrow's own files with a column of images: what save_to_disk of the package datasets wrote, and such files alone.

A folder of a Dataset has state.json, which names its files; one of a DatasetDict has dataset_dict.json and a folder for
each of its splits.

Source: datasets 5.2.0, `Dataset.save_to_disk`, `DatasetDict.save_to_disk`; Arrow's streaming and file formats.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from advnets.data.archive import bomb, unpacked_limit
from advnets.data.extras import need
from advnets.data.formats.arrow_messages import unpacked_bytes
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
from advnets.data.formats.format import Format, Place, Shard, Sharded
from advnets.data.pictures import Entry
from advnets.data.source import Source, file_identity, with_remarks
from advnets.data.splits import splits_of_names
from advnets.data.table import Skipped
from advnets.errors import DataError

STATE, DICTIONARY = "state.json", "dataset_dict.json"
STREAM, FILE = b"\xff\xff\xff\xff", b"ARROW1"
_AFTER_MAGIC = 8  # with what fills it up
_SAID = "a dataset that save_to_disk wrote"


def is_arrow(path: Path) -> bool:
    """Whether a file is one of Arrow, by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(FILE)).startswith((STREAM, FILE))


@contextmanager
def _opened(path: Path) -> Generator[tuple[Any, Iterator[Any]]]:
    """The schema of a file of Arrow, and its batches.

    Raises:
        DataError: it is damaged, or declares that it unpacks to more than an archive may.
    """
    arrow, ipc = need("pyarrow", "Arrow files"), need("pyarrow.ipc", "Arrow files")
    try:
        file = arrow.memory_map(str(path))
        plain = file.read(len(FILE)) == FILE
        file.seek(_AFTER_MAGIC if plain else 0)
        if unpacked_bytes(file) > unpacked_limit(path.stat().st_size):
            raise bomb(path)
        file.seek(0)
        reader = ipc.open_file(file) if plain else ipc.open_stream(file)
        schema = reader.schema
    except broken_tables() as error:
        raise _unreadable(path, error) from error
    with file:
        count = reader.num_record_batches if plain else 0
        yield schema, (reader.get_batch(number) for number in range(count)) if plain else iter(reader)


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: not a readable Arrow file ({one_line(error)})", "download or write it again")


def _layout(source: str, path: Path) -> Layout | None:
    with _opened(path) as (schema, batches):
        try:
            head = [batch.slice(0, ROWS_AT_ONCE) for batch in itertools.islice(batches, 1)]
            for batch in head:
                batch.validate(full=True)
        except broken_tables() as error:
            raise _unreadable(path, error) from error

        def first(column: str) -> list[object]:
            return [value for batch in head for value in batch.column(column).to_pylist()]

        return layout_of(source, schema, first)


def _rows(shard: Shard, layout: Layout) -> Iterator[Entry | Skipped]:
    with _opened(shard.path) as (_, batches):
        yield from rows_of(batches, layout, shard, roots=beside(shard, layout), most=most_rows(shard.path))


def _source(name: str, identity: list[object], shards: Sequence[Shard]) -> Source:
    return tables_source(name, identity, shards, _layout, _rows, "Arrow files of images")


def _saved(folder: Path) -> list[Path] | None:
    """The files of a Dataset that was saved in a folder; None where none was.

    Raises:
        DataError: they are not there, or it was saved as a choice of rows, which datasets before 2.0 did.
    """
    if not (folder / STATE).is_file():
        return None
    state = _json(folder / STATE)
    try:
        names = [str(each["filename"]) for each in state["_data_files"]]
        chosen = bool(state.get("_indices_data_files"))
    except (KeyError, TypeError, AttributeError):
        raise DataError(f"{folder}: {STATE} names no files", "save the dataset again") from None
    if chosen:
        raise DataError(f"{folder}: saved as a choice of rows by an old datasets", "load it there and save it again")
    wrong = next((name for name in names if name != Path(name).name or not (folder / name).is_file()), None)
    if wrong is not None or not names:
        raise DataError(f"{folder}: {STATE} names {wrong or 'no files'}, which is not there", "save the dataset again")
    return [folder / name for name in names]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        raise DataError(f"{path}: no readable JSON", "save the dataset again") from None


def _splits(folder: Path) -> list[str] | None:
    """The splits of a DatasetDict that was saved in a folder; None where none was.

    Raises:
        DataError: its list is damaged.
    """
    if not (folder / DICTIONARY).is_file():
        return None
    try:
        names = [str(name) for name in _json(folder / DICTIONARY)["splits"]]
    except (KeyError, TypeError):
        names = []
    if not names or any(name != Path(name).name or not (folder / name / STATE).is_file() for name in names):
        raise DataError(f"{folder}: {DICTIONARY} names splits that are not there", "save the dataset again")
    return names


def _recognize(place: Place) -> Source | None:
    path = place.path
    if not place.is_folder:
        return _source(path.name, file_identity(path), [Shard(path)]) if is_arrow(path) else None
    if (files := _saved(path)) is not None:
        source = _source(path.name, file_identity(path / STATE, *files), [Shard(file) for file in files])
    elif (splits := _splits(path)) is not None:
        said, note = splits_of_names(splits)
        shards = [
            Shard(file, split, f"{name}/{file.name}")
            for name, split in zip(splits, said, strict=True)
            for file in _saved(path / name) or []
        ]
        identity = file_identity(path / DICTIONARY, *(shard.path for shard in shards))
        source = with_remarks(_source(path.name, identity, shards), (note,) if note else ())
    else:
        return None
    return dataclasses.replace(source, format=_SAID)


SHARDED = Sharded(is_arrow, _source)
FORMAT = Format("a folder of save_to_disk", _recognize)
