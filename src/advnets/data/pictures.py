"""Image files, from a folder, an archive or the rows of a table, to the rows of ours: the one path of decoding."""

from __future__ import annotations

import functools
import itertools
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from advnets.data.decode import Decoded, UnusableError, decode
from advnets.data.depth import Depth, Range, check_filled, extremes, span, whole_range
from advnets.data.notes import Notes, RowNote
from advnets.data.options import Fit, Options
from advnets.data.origins import Listed, Origins
from advnets.data.parallel import ordered_map, progress_bar
from advnets.data.resize import OPACITY, changes, color_changes, fit_image, image_row
from advnets.data.splits import picture_key
from advnets.data.table import Skipped, skip
from advnets.data.writer import RowWriter, SizesVaryError
from advnets.errors import DataError

DEFAULT_SIDE = 64
LARGE_AT_ONCE = 2
BATCH_FILES, BATCH_BYTES = 32, 1 << 20
_ARRAYS = (".bin", ".npy", ".npz", ".h5", ".hdf5", ".mat", "-ubyte", "-ubyte.gz")  # how names of files of arrays end
_RAW = (0.0, 1.0)  # a range that is said, so that the values' extremes are kept


@dataclass(frozen=True)
class Entry:
    """A file that may be an image.

    Args:
        name: its path below the source, with slashes.
        size: bytes.
        open: gives the file for reading.
        columns: what the source says of it, by name: numbers, texts, or sequences of numbers.
        split: "train", "valid" or "test"; empty where the source does not say.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    columns: Mapping[str, object] = field(default_factory=dict[str, object])
    split: str = ""


@dataclass(frozen=True)
class Settled:
    """In a walk through files: all is said of the images that came before."""


Met = Entry | Skipped | Settled
"""What is met in a walk through files."""


@dataclass(frozen=True)
class Pictures:
    """The files of a folder or an archive.

    Args:
        name: what the source is called in messages.
        entries: walks the files, and those refused by their name or kind; may be asked again.
        total: how many there are, if that is known.
        is_side: whether a file of this name is read as a whole, for what it says of the images, instead of decoded.
        in_order: whether rows are brought into the order of their names, which is not that of `entries`.
        notes: what was noticed on the last walk, each a sentence without its full stop.
        empty: folders without any file that were met on the last walk.
        settles: whether more may be said of an image that has gone by, until a `Settled` comes.
    """

    name: str
    entries: Callable[[], Iterable[Met]]
    total: int | None
    is_side: Callable[[str], bool] = lambda name: False
    in_order: bool = False
    notes: Callable[[], Iterable[str]] = tuple
    empty: Callable[[], Sequence[str]] = tuple
    settles: bool = False


@dataclass
class Read:
    """What came of reading a source's files.

    Args:
        notes: what is said of the rows of the table, in its order.
        skipped: files that were left out.
        sides: contents of the files that speak of images, by name.
        remarks: how many images each remark is of.
        depths: what values were before they became bytes.
        noticed: what was noticed on the way to the files.
        kinds: how many images there are of each kind.
    """

    notes: Notes
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    sides: dict[str, bytes] = field(default_factory=dict[str, bytes])
    remarks: Counter[str] = field(default_factory=Counter[str])
    depths: dict[str, Depth] = field(default_factory=dict[str, Depth])
    noticed: tuple[str, ...] = ()
    kinds: Counter[str] = field(default_factory=Counter[str])

    def origins(self, fit: Fit) -> Origins:
        """What the rows were."""
        extremes = span(self.depths.values())
        return Origins(self.notes.sizes(), fit, Listed(self.notes.listing()), self.kinds, extremes)

    def said(self) -> list[str]:
        """What was noticed, and the remarks in words."""
        return [*self.noticed, *self._remarked()]

    def facts(self) -> dict[str, object]:
        """What it takes to go on, beside the notes' files; not the files that speak of images, which are read again."""
        return {
            "notes": self.notes.facts(),
            "skipped": [(each.name, each.reason) for each in self.skipped],
            "remarks": self.remarks,
            "depths": {kind: (depth.low, depth.high) for kind, depth in self.depths.items()},
            "kinds": self.kinds,
        }

    @staticmethod
    def taken_up(folder: Path, facts: Mapping[str, Any]) -> Read:
        """What came of a reading that was killed.

        Args:
            folder: of the notes.
            facts: as `facts` gave them.
        """
        return Read(
            Notes(folder, facts["notes"]),
            [Skipped(name, reason) for name, reason in facts["skipped"]],
            remarks=Counter(facts["remarks"]),
            depths={kind: Depth(kind, low, high) for kind, (low, high) in facts["depths"].items()},
            kinds=Counter(facts["kinds"]),
        )

    def _remarked(self) -> list[str]:
        return [f"{count:,} of {self.notes.rows:,} images {remark}" for remark, count in sorted(self.remarks.items())]


@dataclass(frozen=True)
class _Row:
    note: RowNote
    pixels: NDArray[np.uint8]
    key: int
    depth: Depth | None
    kind: str
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Side:
    name: str
    content: bytes


_Result = _Row | _Side | Skipped | Settled


def write_pictures(pictures: Pictures, writer: RowWriter, options: Options) -> Read:
    """Decodes every file on all cores and appends the usable images.

    Without a size in the options the images keep theirs if all share one of at most 64 x 64; else they become
    64 x 64.

    Raises:
        DataError: fewer than two usable images; or, with `strict`, the first that is not usable; or all are nearly
            black, as their values fill little of their type's range.
    """
    if options.channels not in (None, 1, 3, 4):
        remedy = "use 1 (gray), 3 (color) or 4 (color and opacity)"
        raise DataError(f"channels {options.channels} cannot be had from image files", remedy)
    begun = writer.journal.begun
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on single files, without their names
        if begun is not None:
            size, value_range = begun["size"], begun["range"]
            options = replace(options, size=size and tuple(size), value_range=value_range and tuple(value_range))
        elif options.value_range == "auto":
            options = replace(options, value_range=_range_of(pictures, options))
        try:
            read = _write_once(pictures, writer, options, begun)
        except SizesVaryError:
            writer.reset()
            read = _write_once(pictures, writer, replace(options, size=(DEFAULT_SIDE, DEFAULT_SIDE)), None)
    if read.notes.count < 2:
        raise _too_few(pictures.name, read)
    if pictures.in_order and (order := read.notes.order()) is not None:
        writer.reorder(order)
        read.notes.reorder(order)
    writer.origins = read.origins(options.fit)
    check_filled(pictures.name, read.depths)
    read.noticed = tuple(pictures.notes())
    return read


def _write_once(pictures: Pictures, writer: RowWriter, options: Options, begun: Mapping[str, Any] | None) -> Read:
    """Writes all rows, or those that are missing where a reading was killed."""
    large = threading.Semaphore(LARGE_AT_ONCE)
    folder = writer.journal.folder / "notes"
    read = Read(Notes(folder)) if begun is None else Read.taken_up(folder, begun["read"])
    reach = done = 0 if begun is None else int(begun["entries"])
    keep = functools.partial(_keep, writer, read, options)

    def prepare(batch: _Batch) -> tuple[int, list[_Result]]:
        return batch.reach, [each for entry in batch.entries for each in _prepare(entry, pictures, options, large)]

    label = f"Reading {pictures.name}" + (f", taken up after {done:,} files" if done else "")
    with progress_bar(label, pictures.total, shown=options.progress) as advance:
        advance(done)
        batches = ordered_map(prepare, _batched(pictures.entries(), done, pictures.is_side))
        try:
            for reach, results in batches:
                for _, alike in itertools.groupby(results, _shape):
                    _take(list(alike), read, writer, options, pictures.name)
                if not pictures.settles:
                    read.notes.settle()
                if read.notes.settled and writer.journal.due():
                    keep(reach)
                advance(len(results))
        finally:
            batches.close()
        read.notes.settle()
        if writer.journal.kept:  # what follows takes a while of so many
            keep(reach)
        read.notes.flush()
    return read


def _keep(writer: RowWriter, read: Read, options: Options, entries: int) -> None:
    """Sees that a reading which is killed from now on can go on from here.

    Args:
        entries: how many of the files have been read.
    """
    files = [*writer.flush(), *read.notes.flush()]
    facts = {"entries": entries, "size": options.size, "range": options.value_range}
    writer.journal.keep(files, {**facts, "rows": writer.facts(), "read": read.facts()})


def _shape(result: _Result) -> tuple[int, ...]:
    """By which results are rows that can be written together; those that are no rows have none."""
    return result.pixels.shape if isinstance(result, _Row) else ()


def _take(results: list[_Result], read: Read, writer: RowWriter, options: Options, source: str) -> None:
    """Takes results of one shape."""
    rows = [each for each in results if isinstance(each, _Row)]
    if rows:
        writer.add(np.stack([row.pixels for row in rows]), [row.key for row in rows])
        read.notes.add(row.note for row in rows)
        read.remarks.update(remark for row in rows for remark in row.remarks)
        read.kinds.update(row.kind for row in rows)
        read.depths = extremes((*read.depths.values(), *(row.depth for row in rows if row.depth is not None)))
        return
    for result in results:
        if isinstance(result, _Side):
            read.sides[result.name] = result.content
        elif isinstance(result, Settled):
            read.notes.settle()
        elif isinstance(result, Skipped):
            if options.strict:
                raise refuse(source, result)
            read.skipped.append(result)


def _range_of(pictures: Pictures, options: Options) -> Range | None:
    """From the least to the greatest value of all images."""
    large = threading.Semaphore(LARGE_AT_ONCE)

    def look(batch: _Batch) -> list[Depth]:
        found: list[Depth] = []
        for entry in batch.entries:
            if isinstance(entry, Entry) and not pictures.is_side(entry.name):
                with suppress(UnusableError, OSError), entry.open() as file:  # they are named when they are read
                    found += [each.depth for each in decode(file, large, _RAW) if each.depth is not None]
        return list(extremes(found).values())

    with progress_bar(f"Looking through {pictures.name}", pictures.total, shown=options.progress) as advance:
        batches = ordered_map(lambda batch: (len(batch.entries), look(batch)), _batched(pictures.entries()))
        depths: dict[str, Depth] = {}
        try:
            for count, found in batches:
                advance(count)
                depths = extremes((*depths.values(), *found))
        finally:
            batches.close()
    return whole_range(depths.values())


@dataclass(frozen=True)
class _Batch:
    """What goes to a thread together.

    Args:
        entries: some of what a walk meets.
        reach: how much it has met with them.
    """

    entries: Sequence[Met]
    reach: int


def _batched(
    met: Iterable[Met], done: int = 0, is_side: Callable[[str], bool] = lambda name: False
) -> Iterator[_Batch]:
    """Small files go to a thread together (the hand-over costs as much as decoding one), large ones alone.

    Args:
        done: of what is met first so much is passed over, but for files that speak of images.
        is_side: whether a file of this name is one.
    """
    batch: list[Met] = []
    size = reach = 0
    for reach, entry in enumerate(met, 1):
        if reach <= done and not (isinstance(entry, Entry) and is_side(entry.name)):
            continue
        batch.append(entry)
        size += entry.size if isinstance(entry, Entry) else 0
        if len(batch) == BATCH_FILES or size >= BATCH_BYTES or isinstance(entry, Settled):
            yield _Batch(batch, max(reach, done))
            batch, size = [], 0
    if batch:
        yield _Batch(batch, max(reach, done))


def _prepare(entry: Met, pictures: Pictures, options: Options, large: threading.Semaphore) -> Iterator[_Result]:
    if isinstance(entry, Skipped | Settled):
        yield entry
    elif pictures.is_side(entry.name):
        with entry.open() as file:
            yield _Side(entry.name, file.read())
    else:
        assert options.value_range != "auto"  # it has been found by now
        try:
            with entry.open() as file:
                for decoded in decode(file, large, options.value_range, options.channels == OPACITY):
                    yield _row(entry, decoded, options)
        except UnusableError as error:
            yield skip(entry.name, str(error))
        except OSError as error:
            yield skip(entry.name, f"cannot be read ({error.strerror or error})")


def _row(entry: Entry, decoded: Decoded, options: Options) -> _Row:
    image = decoded.image
    pixels = np.asarray(image)
    key = picture_key(pixels)
    size = options.size
    if size is None and max(image.size) > DEFAULT_SIDE:
        size = (DEFAULT_SIDE, DEFAULT_SIDE)
    remarks = (*decoded.remarks, *color_changes(pixels, options.channels))
    if size is not None:
        remarks = (*remarks, *changes(image.size, size, options.fit))
        image = fit_image(image, size, options.fit)
        pixels = pixels if image is decoded.image else np.asarray(image)
    size_before = decoded.image.height, decoded.image.width
    note = RowNote(entry.name, entry.columns, entry.split, size_before, decoded.page)
    return _Row(note, image_row(image, options.channels, pixels), key, decoded.depth, decoded.kind, remarks)


def refuse(source: str, skipped: Skipped) -> DataError:
    """The error of a strict reading."""
    return DataError(
        f"{source}: {skipped}", "remove or repair it, or leave --strict (strict=True) out to skip such files"
    )


def _too_few(source: str, read: Read) -> DataError:
    found = "no usable image" if not read.notes.count else "only one usable image"
    reasons = ", ".join(str(item) for item in read.skipped[:3])
    more = f", and {len(read.skipped) - 3} more" if len(read.skipped) > 3 else ""
    left_out = f" ({len(read.skipped)} skipped: {reasons}{more})" if read.skipped else ""
    arrays = next((item.name for item in read.skipped if item.name.lower().endswith(_ARRAYS)), "")
    remedy = f"arrays as {arrays} are read from the very folder that they lie in, unpacked" if arrays else ""
    return DataError(f"{source}: {found}{left_out}", remedy or "give a source with at least two images")
