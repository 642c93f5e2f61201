"""LMDB databases whose values are image files, as LSUN's: a folder with data.mdb, that file alone, or a folder of such.

What else is known of their keys: "256-00000" and "128-00000" are one image at two sizes, of which the greatest is read;
"label-000000001" is what "image-000000001" shows. LSUN's folders are named by category and split
(church_outdoor_train_lmdb).

The library is trusted with no file: it reads in a process of its own, whose end by a signal says that the file is
damaged (`lmdb_values`). What it cannot see is damage that leaves a database whole, such as wrong bytes in a value; the
decoder sees most of that.

Source: Yu et al. 2015, *LSUN*, its `data.py`; rosinality, stylegan2-pytorch, `prepare_data.py`.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from advnets.data.archive import MAX_ENTRY_BYTES, is_junk
from advnets.data.extras import need
from advnets.data.formats import lmdb_values
from advnets.data.formats.format import Format, Place, Shard, readable
from advnets.data.formats.lmdb_values import DONE, LENGTHS
from advnets.data.pictures import Entry, Met, Pictures, Settled
from advnets.data.source import Source, file_identity, pictures_source, with_remarks
from advnets.data.splits import SPLIT_WORDS, splits_of_names
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

DATA = "data.mdb"
_MAGIC, _MAGIC_AT = (0xBEEFC0DE).to_bytes(4, "little"), slice(16, 20)
_REMARKS = frozenset((b"length", b"num-samples", b"__len__", b"__keys__"))
_SIZED = re.compile(rb"(\d+)-\d{5,}")
_PAIRED = re.compile(rb"(image|label)-(\d+)")
_SAID = "an LMDB of images"

Value = tuple[bytes, int, bytes | None]
"""A key, the size of its value, and the value."""


def values_of(path: Path, greatest: int) -> Generator[Value]:
    """The keys, the sizes of the values and the values of a database, in the order of the keys.

    Args:
        greatest: values of more bytes are not given.

    Raises:
        DataError: it breaks off, as it is damaged.
    """
    need("lmdb", "LMDB databases")
    command = [sys.executable, "-P", str(Path(lmdb_values.__file__)), str(path), str(greatest)]
    known = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=known) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            if (yield from _received(process.stdout, greatest)):
                return
            said = process.stderr.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            whole = said and process.wait() > 0  # not ended by a signal
            reason = said[0].removeprefix(f"{path}: ")[:100] if whole else "the library crashed over it"
            raise DataError(f"{path}: a damaged LMDB database ({reason})", "copy or download it again")
        finally:
            process.kill()


def _received(stream: IO[bytes], greatest: int) -> Generator[Value, None, bool]:
    """What is sent, and whether that was all."""
    while len(head := stream.read(LENGTHS.size)) == LENGTHS.size:
        lengths = LENGTHS.unpack(head)
        if lengths == DONE:
            return True
        key = stream.read(lengths[0])
        value = stream.read(lengths[1]) if lengths[1] <= greatest else None
        if len(key) < lengths[0] or (value is not None and len(value) < lengths[1]):
            return False
        yield key, lengths[1], value
    return False


@dataclass
class _Walk:
    """One walk through all databases."""

    databases: Sequence[Shard]
    by_category: bool = False
    smaller: set[int] = field(default_factory=set[int])

    def entries(self) -> Iterator[Met]:
        self.smaller = set()
        for database in self.databases:
            yield from readable(database, self._database(database), len(self.databases) == 1)
            yield Settled()

    def notes(self) -> Iterator[str]:
        if self.smaller:
            sizes = ", ".join(str(size) for size in sorted(self.smaller))
            yield f"the greatest of several sizes is read, not {sizes}"

    def _database(self, database: Shard) -> Iterator[Entry | Skipped]:
        """The images of a database, named as its keys; what comes before damage counts."""
        greatest, texts, row = self._greatest(database.path), dict[bytes, dict[str, object]](), 0
        try:
            for key, size, value in values_of(database.path, MAX_ENTRY_BYTES):
                sized = _SIZED.fullmatch(key)
                if key not in _REMARKS and not (sized and int(sized[1]) < greatest):
                    row += 1
                    yield from self._taken(database, key, size, value, texts)
        except DataError as error:
            if row == 0:
                raise
            what = error.what.removeprefix(f"{database.path}: ")
            yield skip(database.said, f"breaks off after {row:,} entries, {what}")

    def _taken(
        self, database: Shard, key: bytes, size: int, value: bytes | None, texts: dict[bytes, dict[str, object]]
    ) -> Iterator[Entry | Skipped]:
        name = (f"{_category(database.name)}/" if self.by_category else "") + _text(key)
        paired = _PAIRED.fullmatch(key)
        columns = texts.setdefault(paired[2], {}) if paired else dict[str, object]()
        if paired and paired[1] == b"label":
            columns["label"] = _text(value or b"")
        elif value is None:
            yield skip(name, f"a value of {size:,} bytes, more than {MAX_ENTRY_BYTES:,}")
        else:
            yield Entry(name, size, lambda: io.BytesIO(value), columns, database.split)

    def _greatest(self, path: Path) -> int:
        """The greatest size that keys tell; 0 where they tell one or none."""
        sizes: set[int] = set()
        with closing(values_of(path, 0)) as values:
            for key, _, _ in values:
                if sized := _SIZED.fullmatch(key):
                    sizes.add(int(sized[1]))
                elif not sizes:
                    break
        if len(sizes) < 2:
            return 0
        self.smaller |= sizes - {max(sizes)}
        return max(sizes)


def _text(key: bytes) -> str:
    return key.decode("utf-8", "backslashreplace")


def _data_file(path: Path) -> Path | None:
    """The file of the database that a folder or a file is; None if it is none."""
    file = path / DATA if path.is_dir() else path
    if not file.is_file():
        return None
    with file.open("rb") as opened:
        return file if opened.read(_MAGIC_AT.stop)[_MAGIC_AT] == _MAGIC else None


def _below(folder: Path) -> list[tuple[str, Path]] | None:
    """The databases of a folder that holds nothing else, by name; None where it does not."""
    found: list[tuple[str, Path]] = []
    try:
        for each in folder.iterdir():
            if is_junk(each.name):
                continue
            if not each.is_dir() or not (file := _data_file(each)):
                return None
            found.append((each.name, file))
    except OSError:
        return None
    return sorted(found) or None


def _category(name: str) -> str:
    """The words of a database's name but for its split: "church_outdoor" of "church_outdoor_train_lmdb"."""
    return "_".join(word for word in name.split("_") if word.lower() not in (*SPLIT_WORDS, "lmdb"))


def _several(folder: Path, found: Sequence[tuple[str, Path]]) -> Source:
    names = [name for name, _ in found]
    splits, note = splits_of_names(names)
    databases = [Shard(file, split, name) for (name, file), split in zip(found, splits, strict=True)]
    by_category = len({_category(name) for name in names}) > 1
    return with_remarks(_source(folder.name, databases, by_category), (note,) if note else ())


def _source(name: str, databases: Sequence[Shard], by_category: bool = False) -> Source:
    walk = _Walk(databases, by_category)
    pictures = Pictures(name, walk.entries, None, notes=walk.notes, settles=True)
    identity = file_identity(*(each.path for each in databases))
    return pictures_source(name, identity, pictures, format=_SAID, columns_first=True)


def _recognize(place: Place) -> Source | None:
    if (file := _data_file(place.path)) is not None:
        return _source(place.path.name, [Shard(file)])
    if place.is_folder and (found := _below(place.path)):
        return _several(place.path, found)
    return None


FORMAT = Format("an LMDB database", _recognize)
