"""`open_table`: any source to an `ImageTable`, through the cache."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from advnets.data.cache import VERSION, Stored, TableCache, cache_folder
from advnets.data.classes import known_classes, single_classes
from advnets.data.journal import Journal
from advnets.data.options import Fit, GivenRange, Options, check_options
from advnets.data.pictures import refuse
from advnets.data.recognize import Given, recognize
from advnets.data.source import Source
from advnets.data.splits import copies_across, split_as_said, split_by_key, split_by_range
from advnets.data.table import SPLITS, ImageTable, Skipped, counted, printable
from advnets.data.writer import RowWriter
from advnets.errors import DataError

DARK = 32
"""Images without a brighter pixel are nearly black to an eye: masks of 0 and 1, or few bits in many."""


def open_table(
    source: Given,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    *,
    fit: Fit = "crop",
    labels: str = "auto",
    range: GivenRange = None,
    strict: bool = False,
    holdout: float = 0.1,
    cache: Path | None = None,
    progress: bool = True,
    verify: bool = False,
) -> ImageTable:
    """Opens images from anywhere as one table: decoded the first time, mapped from the cache afterwards.

    Args:
        source: "mnist", "fashion-mnist", "cifar10", "stacked-mnist" or "tfd" (other folds: "tfd:2" to "tfd:5"); a
            folder, searched through; a zip or tar; a .npy, .npz, HDF5, MATLAB, idx or CIFAR or STL-10 binary file, or
            a folder of them; "FILE:NAME" for one of several arrays or sets in such a file or folder; an array, uint8 or
            float in [0, 1], N x H x W, N x H x W x C or N x C x H x W; or a pair (images, labels), with an integer or
            text for each image, or floats N x V, which become `vectors`.
        size: side, or height and width, of the table's images. None: arrays keep theirs; image files keep
            theirs if all share one of at most 64 x 64, else they become 64 x 64.
        channels: 1, 3, or 4 for color and opacity. None: arrays keep theirs; image files give 1 if all are
            gray, else 3.
        fit: "crop" cuts the center of the wanted aspect, "pad" shows the whole image on white, "stretch"
            gives up the aspect.
        labels: "auto" takes what the source has: sub-folders, if every image lies in one of at least two, or a
            column of labels; columns of numbers become `vectors`. "folder" insists on sub-folders and takes nothing
            else; the name of a column takes its values as classes; "none" leaves labels and vectors out.
        range: the values that become black and white, (low, high) or "low:high", as 0:4095 for 12 bits in files of
            16; "auto" takes the least and the greatest of the source. None: the whole range of their type: 0 to 255,
            0 to 65,535, or 0 to 1 of floats.
        strict: stop at the first file that is no usable image, instead of skipping it.
        holdout: share of rows for "valid" and for "test" each, 0 <= holdout < 0.5, drawn by a hash of the
            decoded pixels. Sets with a published test part keep it.
        cache: the cache folder. Default: $ADVNETS_CACHE, $XDG_CACHE_HOME/advnets or ~/.cache/advnets.
        progress: show a bar on the terminal.
        verify: read every byte of the source again, and of the table in the cache, and see that they agree; a note
            of the table says what came of it.

    Returns:
        The table: uint8, N x C x H x W, mapped read-only.

    Raises:
        DataError: the source cannot be found, read or used, or the cache cannot be written; with `verify`, the table
            was of another content, and has been made anew.
    """
    options = check_options(size, channels, fit, labels, strict, holdout, progress, range)
    tables = TableCache(cache_folder(cache))
    found = recognize(source, options, tables.root)
    key = lookup_key(found, options)
    hit = verified(found, options, tables, key) if verify else tables.lookup(key)
    stored, record = hit if hit else build(found, options, tables, key)
    skipped = tuple(Skipped(name, reason) for name, reason in record["skipped"])
    if strict and skipped:
        raise refuse(found.name, skipped[0])
    table = _table(stored, found, skipped, tuple(record["notes"]), holdout)
    table = dataclasses.replace(table, origins=functools.partial(tables.origins, key))
    if not found.stack_of:
        return table
    opener = functools.partial(open_table, found.stack_of, size, 1, fit=fit, cache=cache, progress=progress)
    return dataclasses.replace(table, stack_of=opener)


def lookup_key(source: Source, options: Options) -> str:
    """What the cache knows a source with these options by."""
    return _digest([VERSION, source.identity, options.identity()])


def build(
    source: Source, options: Options, tables: TableCache, key: str, anew: bool = False
) -> tuple[Stored, Mapping[str, Any]]:
    """Reads a source into the cache, from where a reading that was killed had come.

    Args:
        anew: read all of it, whatever was read before.

    Returns:
        The table, and the record that leads to it.
    """
    with tables.workspace(key, options.progress) as work:
        if not anew and (found := tables.lookup(key)) is not None:  # another process has built it meanwhile
            return found
        table = work / "table"
        writer = RowWriter(table / "images.bin", Journal(work, anew))
        try:
            written = source.write(writer, options)
            marks = written.marks
            facts: dict[str, object] = {
                "classes": tuple(map(printable, marks.classes)),
                "ranges": written.ranges,
                "size": options.size,
                "channels": options.channels,
                "fit": options.fit,
                **({"range": options.value_range} if options.value_range else {}),
                **({"columns": tuple(map(printable, marks.columns))} if marks.columns else {}),
            }
            columns = {"labels": marks.labels, "vectors": marks.vectors, "splits": marks.splits}
            stored = tables.store(table, writer, columns, facts)
        finally:
            writer.abandon()
        record = {
            "fingerprint": stored.fingerprint,
            "skipped": [(item.name, item.reason) for item in written.skipped],
            "notes": [*map(printable, written.notes), *_noticed(stored, writer, options)],
        }
        tables.record(key, record, writer.origins)
    return stored, record


def verified(source: Source, options: Options, tables: TableCache, key: str) -> tuple[Stored, Mapping[str, Any]]:
    """Reads a source and its table in the cache from end to end.

    Returns:
        The table that the source makes now, and its record with a note of what was found.

    Raises:
        DataError: it is another than the one that was there.
    """
    before = tables.lookup(key)
    if before is not None:
        tables.distrust(before[0].fingerprint)
    is_sound = tables.lookup(key) is not None
    stored, record = build(source, options, tables, key, anew=True)
    if before is None:
        note = "read for the first time: there was no table to compare with"
    elif before[0].fingerprint != stored.fingerprint:
        was, now = before[0].fingerprint[:12], stored.fingerprint[:12]
        what = f"{source.name} has changed since it was read: table {was} is {now} now, and the cache holds the new one"
        raise DataError(what, "train anew what was trained on the old one, or bring the files back")
    elif is_sound:
        note = "every byte was read again: the table is what the source holds"
    else:
        note = "the table in the cache was damaged, and has been made anew as it was"
    return stored, {**record, "notes": [*record["notes"], note]}


def _noticed(stored: Stored, writer: RowWriter, options: Options) -> Iterator[str]:
    if single := single_classes(stored.labels, stored.classes):
        yield f"a single image in {counted(single, 'class', 'classes')}"
    if writer.highest < DARK and options.value_range is None:
        yield f"no pixel is brighter than {writer.highest} of 255; --range 0:{writer.highest} makes that white"
    elif writer.highest < DARK and isinstance(options.value_range, tuple):
        low, high = options.value_range
        at_most = f"in the range {low:g}:{high:g} no pixel is brighter than {writer.highest} of 255"
        yield f"{at_most}; leave --range out, or --range auto takes the values that are there"
    if stored.splits is not None and stored.keys is not None and (copies := copies_across(stored.splits, stored.keys)):
        yield f"{copies:,} images of validation or test are exact copies of images for training"


def _table(
    stored: Stored, source: Source, skipped: tuple[Skipped, ...], notes: tuple[str, ...], holdout: float
) -> ImageTable:
    if stored.ranges is not None:
        splits = split_by_range(stored.ranges)
    else:
        assert stored.keys is not None
        if stored.splits is None:
            splits = split_by_key(stored.keys, holdout)
        else:
            splits = split_as_said(stored.splits, stored.keys, holdout)
    for rows in splits.values():
        rows.flags.writeable = False
    labels, classes = known_classes(source.name, stored.labels, stored.classes)
    return ImageTable(
        stored.images,
        labels,
        classes,
        stored.fingerprint,
        source.name,
        skipped,
        splits,
        vectors=stored.vectors,
        columns=stored.columns,
        notes=notes,
        format=source.format,
        drawn=stored.ranges is None and (stored.splits is None or SPLITS.index("test") not in stored.splits),
    )


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("ascii")).hexdigest()
