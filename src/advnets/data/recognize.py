"""Which kind of source an argument is: a known name, or what the content of a path tells."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advnets.data.arrays import Arrays, arrays_of, arrays_source
from advnets.data.blocks import rows_per_block
from advnets.data.formats import FORMATS, Place, located
from advnets.data.formats.shards import expand, is_pattern, pattern_source
from advnets.data.hub import hub_source, is_hub_name
from advnets.data.named import NAMED, named_source
from advnets.data.options import Options
from advnets.data.source import Source
from advnets.errors import DataError
from advnets.files import meant

Given = str | Path | NDArray[Any] | tuple[NDArray[Any], ArrayLike]
"""A known name, a name on the hub, a path, a pattern of shards, images in memory, or a pair of images and their
labels or vectors."""


def recognize(source: Given, options: Options, cache: Path) -> Source:
    """The source behind an argument of `open_table`. A known name goes before a path (then write ./mnist).

    Raises:
        DataError: there is no such thing, or it is of no known kind.
    """
    if isinstance(source, np.ndarray):
        return _in_memory(Arrays(source), options)
    if isinstance(source, tuple):
        images, labels = source
        return _in_memory(arrays_of("array", images, np.asarray(labels), None), options)
    if isinstance(source, str) and source in NAMED:
        return named_source(source, cache, progress=options.progress)
    if isinstance(source, str) and is_hub_name(source):
        return hub_source(source, cache)
    path, part = located(source)
    try:
        if not path.exists() and is_pattern(str(path)):
            return pattern_source(path)
        if not path.exists():
            raise _nothing_there(str(source))
        if not (path.is_file() or path.is_dir()):
            what = f"{path}: a pipe or a device, which is read once alone: an epoch could not be repeated, nor resumed"
            raise DataError(what, "write it to a file, and give that")
        return recognize_path(path, options, part)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})", "check the path and its permissions") from error


def is_known(source: str) -> bool:
    """Whether there is something by this name, which `open_table` may then read: nothing is asked of the hub."""
    if source in NAMED or is_hub_name(source):
        return True
    path, _ = located(source)
    try:
        return path.exists() or (is_pattern(str(path)) and bool(expand(path)))
    except (OSError, DataError):
        return False


def recognize_path(path: Path, options: Options, part: str = "") -> Source:
    """The source that a file or a folder, or a part of it, is, by its content.

    Raises:
        DataError: it is of no known kind, or cannot be used.
        OSError: it cannot be read.
    """
    place = Place(path.resolve() if path.is_dir() else path, options, part)
    for each in FORMATS:
        if (found := each.recognize(place)) is not None:
            if part and not each.parts:
                raise DataError(f"{path}: it has no parts with names", f"leave :{part} away")
            return found
    raise DataError(f"{path}: not a source of images", f"give {_kinds()}; single images go into a folder")


def _kinds() -> str:
    *said, last = [each.said for each in FORMATS if each.said]
    return f"{', '.join(said)} or {last}"


def _nothing_there(source: str) -> DataError:
    near = meant(source, NAMED)
    names = ", ".join(name for name in NAMED if ":" not in name)  # other folds of a set go without saying
    known = f"perhaps you mean {near}" if near else f"give {_kinds()}, or one of {names}"
    return DataError(f"{source}: no such file or folder", known)


def _in_memory(given: Arrays, options: Options) -> Source:
    identity: list[object] = ["array", *_content(given.images)]
    for kind, values in (("labels", given.labels), ("vectors", given.vectors)):
        identity += [] if values is None else [kind, *_content(values)]
    return arrays_source("array", identity, given, options.channels, "arrays in memory")


def _content(values: NDArray[Any]) -> list[object]:
    """Type, shape and digest of an array."""
    digest = hashlib.sha256()
    step = rows_per_block(values[:1].nbytes)
    for start in range(0, len(values), step):
        digest.update(np.ascontiguousarray(values[start : start + step]).tobytes())
    return [values.dtype.str, values.shape, digest.hexdigest()]
