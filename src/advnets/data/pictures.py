"""Image files, from a folder or an archive, to the rows of a table."""

from __future__ import annotations

import itertools
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from advnets.data.decode import UnusableError, decode, in_mode
from advnets.data.options import Options
from advnets.data.parallel import ordered_map, progress_bar
from advnets.data.resize import fit_image, image_row
from advnets.data.splits import content_key
from advnets.data.table import Skipped, skip
from advnets.data.writer import RowWriter, SizesVaryError
from advnets.errors import DataError

DEFAULT_SIDE = 64
LARGE_AT_ONCE = 2
BATCH_FILES, BATCH_BYTES = 32, 1 << 20


@dataclass(frozen=True)
class Entry:
    """A file that may be an image.

    Args:
        name: its path below the source, with slashes.
        size: bytes.
        open: gives the file for reading.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True)
class Pictures:
    """The files of a folder or an archive.

    Args:
        name: what the source is called in messages.
        entries: walks the files, and those refused by their name or kind; may be asked again.
        total: how many there are, if that is known.
    """

    name: str
    entries: Callable[[], Iterable[Entry | Skipped]]
    total: int | None


@dataclass(frozen=True)
class _Row:
    name: str
    pixels: NDArray[np.uint8]
    key: int


def write_pictures(pictures: Pictures, writer: RowWriter, options: Options) -> tuple[list[str], list[Skipped]]:
    """Decodes every file on all cores and appends the usable ones.

    Without a size in the options the images keep theirs if all share one of at most 64 x 64; else they become
    64 x 64.

    Returns:
        The names of the rows, and what was skipped.

    Raises:
        DataError: fewer than two usable images; or, with `strict`, the first that is not usable.
    """
    if options.channels not in (None, 1, 3):
        raise DataError(f"channels {options.channels} cannot be had from image files", "use 1 (gray) or 3 (color)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on single files, without their names
        try:
            names, skipped = _write_once(pictures, writer, options)
        except SizesVaryError:
            writer.reset()
            names, skipped = _write_once(pictures, writer, replace(options, size=(DEFAULT_SIDE, DEFAULT_SIDE)))
    if len(names) < 2:
        raise _too_few(pictures.name, names, skipped)
    return names, skipped


def _write_once(pictures: Pictures, writer: RowWriter, options: Options) -> tuple[list[str], list[Skipped]]:
    large = threading.Semaphore(LARGE_AT_ONCE)
    names: list[str] = []
    skipped: list[Skipped] = []
    batches = ordered_map(
        lambda batch: [_prepare(entry, options, large) for entry in batch], _batched(pictures.entries())
    )
    with progress_bar(f"Reading {pictures.name}", pictures.total, shown=options.progress) as advance:
        try:
            for result in itertools.chain.from_iterable(batches):
                advance(1)
                if isinstance(result, _Row):
                    writer.add(result.pixels[None], [result.key])
                    names.append(result.name)
                elif options.strict:
                    raise refuse(pictures.name, result)
                else:
                    skipped.append(result)
        finally:
            batches.close()
    return names, skipped


def _batched(entries: Iterable[Entry | Skipped]) -> Iterator[list[Entry | Skipped]]:
    """Small files go to a thread together (the hand-over costs as much as decoding one), large ones alone."""
    batch: list[Entry | Skipped] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += entry.size if isinstance(entry, Entry) else 0
        if len(batch) == BATCH_FILES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _prepare(entry: Entry | Skipped, options: Options, large: threading.Semaphore) -> _Row | Skipped:
    if isinstance(entry, Skipped):
        return entry
    try:
        with entry.open() as file:
            image = decode(file, large)
    except UnusableError as error:
        return skip(entry.name, str(error))
    except OSError as error:
        return skip(entry.name, f"cannot be read ({error.strerror or error})")
    key = content_key(image.width, image.height, in_mode(image, "RGB").tobytes())
    size = options.size
    if size is None and max(image.size) > DEFAULT_SIDE:
        size = (DEFAULT_SIDE, DEFAULT_SIDE)
    if size is not None:
        image = fit_image(image, size, options.fit)
    return _Row(entry.name, image_row(image, options.channels), key)


def refuse(source: str, skipped: Skipped) -> DataError:
    """The error of a strict reading."""
    return DataError(f"{source}: {skipped}", "remove or repair it, or read without strict to skip such files")


def _too_few(source: str, names: list[str], skipped: list[Skipped]) -> DataError:
    found = "no usable image" if not names else "only one usable image"
    reasons = ", ".join(str(item) for item in skipped[:3])
    more = f", and {len(skipped) - 3} more" if len(skipped) > 3 else ""
    left_out = f" ({len(skipped)} skipped: {reasons}{more})" if skipped else ""
    return DataError(f"{source}: {found}{left_out}", "give a source with at least two images")
