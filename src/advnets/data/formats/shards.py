"""Sources that are cut into several files: a folder of shards, or a pattern of their names.

    train-{000000..000003}.tar      braces, as WebDataset and shells have them, lists too: {train,val}-0000.tar
    train-*.tar                     what lies there
    a folder                        in which every file is a shard, but for a few that go with them

Words in the shards' names, or in those of their folders, are their splits, where they tell several apart.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from advnets.data.archive import is_junk
from advnets.data.classes import natural
from advnets.data.formats import arrow, parquet, tfrecord, webdataset
from advnets.data.formats.folder import list_folder
from advnets.data.formats.format import Format, Place, Shard, Sharded
from advnets.data.source import Source, file_identity, with_remarks
from advnets.data.splits import splits_of_names
from advnets.errors import DataError

SHARDED: tuple[Sharded, ...] = (webdataset.SHARDED, parquet.SHARDED, arrow.SHARDED, tfrecord.SHARDED)
MAX_SHARDS = 100_000
_NAMES = re.compile(r"\.(tar|tgz|parquet|arrow|tfrecords?)(-\d+-of-\d+)?(\.(gz|bz2|xz))?$|-\d{5}-of-\d{5}$", re.I)
_BESIDE = frozenset((".json", ".md", ".txt", ".idx", ".index", ".labels", ".yaml", ".yml", ".crc"))
_BESIDE_NAMES = frozenset(("license", "readme", "notice"))
_BRACES = re.compile(r"\{([^{}]*)\}")
_NUMBERS = re.compile(r"(\d+)\.\.(\d+)")
_WILD = re.compile(r"[*?\[]")


def is_pattern(source: str) -> bool:
    """Whether a name stands for several files."""
    return bool(_WILD.search(source) or _BRACES.search(source))


def expand(pattern: Path) -> list[Path]:
    """The files that a pattern stands for: braces in their order, what lies there in natural order.

    Raises:
        DataError: it stands for none, for too many, or one of those it names is not there.
        OSError: a folder cannot be read.
    """
    found: list[Path] = []
    for path in _without_braces(str(pattern)):
        if _WILD.search(str(path)):
            found += sorted(_lying_there(path), key=lambda each: natural(str(each)))
        elif path.is_file():
            found.append(path)
        else:
            raise DataError(f"{pattern}: there is no {path}", "name the shards that there are")
    if not found:
        raise DataError(f"{pattern}: no file fits this pattern", "look at the names of the shards")
    return list(dict.fromkeys(found))


def _lying_there(pattern: Path) -> Iterator[Path]:
    """The files that fit *, ? and [...] in a pattern."""
    plain = list(itertools.takewhile(lambda part: not _WILD.search(part), pattern.parts))
    try:
        yield from (path for path in Path(*plain).glob("/".join(pattern.parts[len(plain) :])) if path.is_file())
    except ValueError as error:
        raise DataError(f"{pattern}: no pattern ({error})", "write names with *, or {000..009} for numbers") from None


def _without_braces(pattern: str) -> Iterator[Path]:
    parts = _BRACES.split(pattern)
    choices = [_choices(pattern, part) if place % 2 else [part] for place, part in enumerate(parts)]
    count = 1
    for each in choices:
        count *= len(each)
        if count > MAX_SHARDS:
            raise DataError(f"{pattern}: more than {MAX_SHARDS:,} files", "give a folder, or fewer")
    return (Path("".join(each)) for each in itertools.product(*choices))


def _choices(pattern: str, inside: str) -> list[str]:
    """What braces stand for: "08..10" is 08, 09, 10; "a,b" is a, b."""
    if numbers := _NUMBERS.fullmatch(inside):
        first, last = numbers.groups()
        if abs(int(last) - int(first)) >= MAX_SHARDS:
            raise DataError(f"{pattern}: more than {MAX_SHARDS:,} files", "give a folder, or fewer")
        step = 1 if int(last) >= int(first) else -1
        return [f"{number:0{len(first)}d}" for number in range(int(first), int(last) + step, step)]
    return inside.split(",") if "," in inside else ["{" + inside + "}"]


def pattern_source(pattern: Path) -> Source:
    """The source that a pattern of file names stands for.

    Raises:
        DataError: there are no such files, or they are no shards of a format that we know.
        OSError: one cannot be read.
    """
    files = expand(pattern)
    root = os.path.commonpath([path.parent for path in files])
    found = _source(pattern.name, [(os.path.relpath(path, root), path) for path in files])
    if found is None:
        remedy = "give tars, parquet files, Arrow files or TFRecord files; anything else goes into a folder"
        raise DataError(f"{pattern}: {files[0].name} is no shard of a known format", remedy)
    return found


def _source(name: str, named: Sequence[tuple[str, Path]]) -> Source | None:
    """The source that files are together; None where the first is of no format that is cut into files."""
    kind = next((each for each in SHARDED if each.is_one(named[0][1])), None)
    if kind is None:
        return None
    said, note = splits_of_names([name for name, _ in named])
    shards = [Shard(path, split, name) for (name, path), split in zip(named, said, strict=True)]
    source = kind.source(name, file_identity(*(path for _, path in named)), shards)
    return with_remarks(source, (note,)) if note else source


def is_shard_name(name: str) -> bool:
    """Whether a file's name is as shards have it."""
    return bool(_NAMES.search(name))


def holds_shards(folder: Path) -> bool:
    """Whether all files of a folder, and one at least, are called as shards or as what goes with them.

    Stops at the first that is not, so a folder of images is soon known.
    """
    found = False
    try:
        for path in _files_below(folder):
            if is_shard_name(path.name):
                found = True
            elif path.suffix.lower() not in _BESIDE and path.name.lower() not in _BESIDE_NAMES:
                return False
    except OSError:
        return False
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    below = [folder]
    while below:
        for path in below.pop().iterdir():
            if is_junk(path.name) or path.is_symlink():
                continue
            if path.is_dir():
                below.append(path)
            else:
                yield path


def _recognize(place: Place) -> Source | None:
    if not place.is_folder or not holds_shards(place.path):
        return None
    listing = list_folder(place.path)
    names = sorted((name for name, *_ in listing.files if is_shard_name(name)), key=natural)
    found = _source(listing.root.name, [(name, listing.root / name) for name in names])
    if found is None:
        return None
    found = dataclasses.replace(found, identity=[*listing.identity, found.identity])
    return with_remarks(found, skipped=tuple(listing.refused)) if listing.refused else found


FORMAT = Format("a folder of shards", _recognize)
