"""The rows of Arrow's tables, as parquet files, save_to_disk folders and the hub have them, to images and columns.

An image is {"bytes": ..., "path": ...}, as the package datasets has it, or the bytes of its file. Names of classes
are in the schema's metadata, under "huggingface".

Source: datasets 5.2.0, `features.Image`, `features.ClassLabel`, `arrow_writer._build_metadata`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from advnets.data.decode import is_image
from advnets.data.extras import need
from advnets.data.formats.format import Shard, readable, row_name
from advnets.data.pictures import Entry, Pictures
from advnets.data.source import Source, lazy_source, pictures_source
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

ROWS_AT_ONCE = 32
_FEW = 1 << 16  # rows of any file: alike images may be stored once
NAME_COLUMNS = ("file_name", "filename", "image_path", "path", "__key__")


@dataclass(frozen=True)
class Layout:
    """What the columns of a table are.

    Args:
        image: the column of images.
        columns: those that say something of them.
        names: of columns of class numbers, what each number means.
        file: the column of the images' names; empty without.
        notes: what people should hear of the columns.
        beside: whether images are files of their own, beside the table.
    """

    image: str
    columns: Sequence[str]
    names: Mapping[str, tuple[str, ...]]
    file: str = ""
    notes: tuple[str, ...] = ()
    beside: bool = False

    @property
    def wanted(self) -> list[str]:
        """All columns that are read."""
        return list(dict.fromkeys((self.image, *self.columns, *([self.file] if self.file else []))))


def layout_of(source: str, schema: Any, first: Callable[[str], Sequence[object]]) -> Layout | None:
    """What the columns of a table are; None where none has images.

    Args:
        source: what it is called in messages.
        schema: Arrow's.
        first: gives the first values of a column.

    Raises:
        DataError: several columns have images, and none is called image; or names of columns are no text.
    """
    try:
        return _layout_of(source, schema, first)
    except broken_tables() as error:
        raise DataError(f"{source}: no readable table ({one_line(error)})", "download or write it again") from error


def _layout_of(source: str, schema: Any, first: Callable[[str], Sequence[object]]) -> Layout | None:
    features = _features(schema)
    images = [
        name
        for name in _may_be_images(schema)
        if features.get(name, {}).get("_type") == "Image" or any(_is_image(value) for value in first(name))
    ]
    if not images:
        return None
    image = "image" if "image" in images else images[0]
    if len(images) > 1 and image != "image":
        what = f"{source}: several columns of images ({', '.join(images)})"
        raise DataError(what, "keep one of them, or call the one to take image")
    texts = {field.name for field in schema if _is_text(field.type)}
    file = next((name for name in NAME_COLUMNS if name in texts), "")
    rest = [field for field in schema if field.name not in (image, file)]
    plain = [field.name for field in rest if _is_plain(field.type)]
    notes = [f"column {each.name} is left out: {_said(each, images)}" for each in rest if each.name not in plain]
    names = {name: tuple(map(str, each["names"])) for name, each in features.items() if _is_classes(each)}
    return Layout(image, plain, names, file, tuple(notes), any(_is_path(value) for value in first(image)))


def tables_source(
    name: str,
    identity: list[object],
    shards: Sequence[Shard],
    look: Callable[[str, Path], Layout | None],
    read: Callable[[Shard, Layout], Iterator[Entry | Skipped]],
    format: str,
) -> Source:
    """The source of files of tables.

    Args:
        look: gives the layout of a file, from the source's name and its path.
        read: gives the images of a file.
    """

    def find() -> Source:
        layout = _first_layout(name, shards, look)

        def entries() -> Iterator[Entry | Skipped]:
            for shard in shards:
                yield from readable(shard, read(shard, layout), len(shards) == 1)

        pictures = Pictures(name, entries, None, notes=lambda: layout.notes)
        return pictures_source(name, [], pictures, layout.names, columns_first=True)

    return lazy_source(name, identity, find, format)


def _first_layout(name: str, shards: Sequence[Shard], look: Callable[[str, Path], Layout | None]) -> Layout:
    """The layout of the first file that can be read and has images.

    Raises:
        DataError: there is none.
    """
    wrong = DataError(f"{name}: no column of images", "give tables with images, as bytes or {bytes, path}")
    for shard in shards:
        try:
            if found := look(name, shard.path):
                return found
        except DataError as error:
            wrong = error
    raise wrong


def rows_of(
    batches: Iterable[Any],
    layout: Layout,
    shard: Shard,
    row: int = 0,
    roots: Sequence[Path] = (),
    most: int | None = None,
) -> Iterator[Entry | Skipped]:
    """The images of a table; where it breaks off, that is said last.

    Args:
        batches: Arrow's record batches.
        shard: the file they come from.
        row: the number of the first, by which those without a name are called.
        roots: folders below which images may lie that are given by their paths alone, from the first of them.
        most: rows that the file may have; None for any number.
    """
    first = row
    try:
        for batch in batches:
            if most is not None and row + batch.num_rows > most:
                raise ValueError("more rows than bytes")  # without an image: a few bytes say any number of them
            for start in range(0, batch.num_rows, ROWS_AT_ONCE):
                part = batch.slice(start, ROWS_AT_ONCE)
                part.validate(full=True)
                for values in zip(*(part.column(name).to_pylist() for name in layout.wanted), strict=True):
                    yield _entry(dict(zip(layout.wanted, values, strict=True)), layout, shard, row, roots)
                    row += 1
    except broken_tables() as error:
        where = f"after {row - first:,} rows" + (f" from row {first:,}" if first else "")
        yield skip(shard.said, f"breaks off {where} ({one_line(error)})")


def most_rows(path: Path) -> int:
    """How many rows a file may have: as many as bytes."""
    return max(_FEW, path.stat().st_size)


def broken_tables() -> tuple[type[Exception], ...]:
    """What reading a damaged table may raise."""
    return (need("pyarrow", "Arrow tables").ArrowException, OSError, ValueError, KeyError)


def one_line(error: Exception) -> str:
    """What an error says, short and on one line."""
    return " ".join(str(error).split())[:100]


def _entry(values: Mapping[str, Any], layout: Layout, shard: Shard, row: int, roots: Sequence[Path]) -> Entry | Skipped:
    image = values[layout.image]
    content, path = (image.get("bytes"), image.get("path")) if isinstance(image, dict) else (image, None)
    named = (values[layout.file] if layout.file else None) or path
    name = row_name(str(named)) if named else f"{shard.said}#{row}"
    columns = {each: _value(values[each], layout.names.get(each)) for each in layout.columns}
    if content is not None:
        return Entry(name, len(content), lambda: io.BytesIO(content), columns, shard.split)
    if path is None or not roots:
        return skip(name, "a row without an image")
    try:
        found = (roots[0] / path).resolve()
        if not any(found.is_relative_to(root.resolve()) for root in roots):
            return skip(str(path), "a path that leaves the folder of its file")
        return Entry(name, found.stat().st_size, lambda: _open(found), columns, shard.split)
    except (OSError, ValueError) as error:
        return skip(str(path), f"cannot be read ({getattr(error, 'strerror', None) or error})")


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def beside(shard: Shard, layout: Layout) -> Sequence[Path]:
    """The folder where the images of a file lie that are files of their own."""
    return (shard.path.parent,) if layout.beside else ()


def _value(value: object, names: tuple[str, ...] | None) -> object:
    """A value; none for -1 in a column of class numbers, which says that the class is not known."""
    return None if names and value == -1 else value


def _features(schema: Any) -> dict[str, dict[str, Any]]:
    """What the package datasets notes of the columns in a schema, by name."""
    try:
        features: Any = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {str(name): feature for name, feature in features.items() if isinstance(feature, dict)}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}


def _is_classes(feature: Mapping[str, Any]) -> bool:
    return feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list)


def _may_be_images(schema: Any) -> list[str]:
    return [field.name for field in schema if _is_binary(field.type) or _has_bytes(field.type)]


def _is_image(value: object) -> bool:
    if isinstance(value, dict):
        return _is_path(value) or _is_image(cast("dict[str, object]", value).get("bytes"))
    return isinstance(value, bytes) and is_image(value)


def _is_path(value: object) -> bool:
    """Whether an image is a file beside the table."""
    found = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    return found.get("bytes") is None and isinstance(found.get("path"), str)


def _types() -> Any:
    return need("pyarrow.types", "Arrow tables")


def _is_binary(kind: Any) -> bool:
    return bool(_types().is_binary(kind) or _types().is_large_binary(kind) or _types().is_binary_view(kind))


def _has_bytes(kind: Any) -> bool:
    """Whether values are {bytes, path}; where all images are given by their paths, the bytes have no type."""
    fields = {field.name: field.type for field in kind} if _types().is_struct(kind) else {}
    return "bytes" in fields and (_is_binary(fields["bytes"]) or _types().is_null(fields["bytes"]))


def _is_text(kind: Any) -> bool:
    if _types().is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(_types().is_string(kind) or _types().is_large_string(kind) or _types().is_string_view(kind))


def _is_plain(kind: Any) -> bool:
    """Whether a column's values are numbers, texts or lists of numbers."""
    types = _types()
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _is_number(kind.value_type)
    return _is_number(kind) or _is_text(kind)


def _is_number(kind: Any) -> bool:
    return bool(_types().is_integer(kind) or _types().is_floating(kind) or _types().is_boolean(kind))


def _said(field: Any, images: Sequence[str]) -> str:
    """What a column that is left out holds, in few words."""
    return "images" if field.name in images else str(field.type)[:60]
