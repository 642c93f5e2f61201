"""What goes with the rows of a table: classes, conditions that are none, and the split each is of.

Of images in files they come from the folders that the files lie in and from columns: those of a table beside them
(metadata.csv, CelebA's lists, StyleGAN's dataset.json) and those that their source carries with each of them.

    splits      the folders train, val and test where all images lie in one of them; a column split or partition
    classes     the first folder below; else a column label; else the only column of texts that repeat
    vectors     every other column of numbers

Where the source carries the columns with each image, as parquet and WebDataset do, a column label goes before folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from advnets.data.classes import below_common, folder_labels, natural
from advnets.data.columns import Column, column_of
from advnets.data.pictures import Read, RowNote
from advnets.data.side_files import Side, is_side, read_side
from advnets.data.splits import SPLIT_WORDS, split_codes
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

LABEL_COLUMNS = ("label", "labels", "class", "classes", "cls", "target", "targets", "category", "y", "fine_label")
SPLIT_COLUMNS = ("split", "partition", "subset")
_NUMBERED = {"identity": "it numbers people; --labels identity makes classes of them"}
"""Columns of whole numbers that are no quantities, as CelebA's, and what they are."""
_SHOWN = 3
_MOST_TEXTS = 1000


@dataclass(frozen=True)
class Marks:
    """What goes with rows.

    Args:
        labels: int64, N, indices into `classes`, -1 where unknown; None without.
        classes: their names.
        vectors: float32, N x V; None without.
        columns: the V names of their numbers.
        splits: uint8, N, places in `table.SPLITS`; None where the source has none.
        notes: what people should hear of it.
        skipped: files beside the images that say nothing of them.
    """

    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    vectors: NDArray[np.float32] | None = None
    columns: tuple[str, ...] = ()
    splits: NDArray[np.uint8] | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def marks_of(
    source: str,
    read: Read,
    wanted: str,
    names: Mapping[str, tuple[str, ...]],
    empty: Sequence[str] = (),
    columns_first: bool = False,
) -> Marks:
    """The marks of images that were read from files.

    Args:
        source: what it is called in messages.
        read: the rows, and the files beside them.
        wanted: "auto", "folder", "none", or the name of a column, as `open_table` takes them.
        names: of columns of integers, what each of them means.
        empty: folders without any file.
        columns_first: whether a column of labels goes before folders.

    Raises:
        DataError: what is wanted is not there.
    """
    found = [(name, read_side(name, content)) for name, content in sorted(read.sides.items()) if is_side(name)]
    sides = [(name, side) for name, side in found if side is not None]
    rows, notes, spoken = _joined(read.rows, sides)
    strangers = [skip(name, "no image, and no table of these images") for name, _ in found if name not in spoken]
    below = below_common([_folders(row.name) for row in rows])
    splits, below, rows = _splits(rows, below)
    ordered = any(side.replaces_folders for name, side in sides if name in spoken)
    marks = _Chooser(source, rows, [()] * len(rows) if ordered else below, names, wanted, columns_first).choose()
    tiny = [] if ordered or not marks.classes or wanted not in ("auto", "folder") else _tiny(marks, read, rows, empty)
    return replace(marks, splits=splits, notes=(*notes, *marks.notes, *tiny), skipped=tuple(strangers))


def _folders(name: str) -> tuple[str, ...]:
    return tuple(name.split("/")[:-1])


def _joined(rows: list[RowNote], sides: list[tuple[str, Side]]) -> tuple[list[RowNote], list[str], set[str]]:
    """The rows with what the files beside them say of them, what to say of that, and which files say something."""
    notes: list[str] = []
    listing: list[str] = []
    spoken = {name for name, side in sides if side.replaces_folders}
    if not sides:
        return rows, notes, spoken
    columns = [dict(row.columns) for row in rows]
    listed = np.zeros(len(rows), np.bool_)
    for name, side in sides:
        match = side.match([row.name for row in rows])
        if not match.places:
            continue
        spoken.add(name)
        listing.append(name)
        for place, row in match.places:
            listed[place] = True
            columns[place] = {**side.entry(row, match.column), **columns[place]}
        if match.strange:
            notes.append(f"{_counted(match.strange, 'row')} of {name} without a usable image")
    if listing and not listed.all():
        missing = [rows[place].name for place in np.flatnonzero(~listed)]
        notes.append(f"{_counted(missing, 'image')} kept, which no row of {' and '.join(listing)} lists")
    return [replace(row, columns=each) for row, each in zip(rows, columns, strict=True)], notes, spoken


def _counted(names: Sequence[str], one: str, many: str = "") -> str:
    """As "12 rows (a, b, c, ...)"."""
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f"{len(names):,} {one if len(names) == 1 else many or one + 's'} ({shown})"


def _splits(
    rows: list[RowNote], below: list[tuple[str, ...]]
) -> tuple[NDArray[np.uint8] | None, list[tuple[str, ...]], list[RowNote]]:
    """Each row's split, the folders below those of the splits, and the rows without what said it."""
    said: list[object] = [row.split or None for row in rows]
    tops = {parent[0].lower() if parent else "" for parent in below}
    if len(tops) > 1 and tops <= SPLIT_WORDS.keys() and any(SPLIT_WORDS[top] == "train" for top in tops):
        said = [before or parent[0].lower() for before, parent in zip(said, below, strict=True)]
        below = [parent[1:] for parent in below]
        below = below_common(below)  # train/images/cats and test/images/cats
    for column in SPLIT_COLUMNS:
        values = [row.columns.get(column) for row in rows]
        if split_codes(values) is not None:
            said = [before or value for before, value in zip(said, values, strict=True)]
            rows = [_without(row, column) for row in rows]
    return split_codes(said), below, rows


def _without(row: RowNote, column: str) -> RowNote:
    return replace(row, columns={name: value for name, value in row.columns.items() if name != column})


@dataclass(frozen=True)
class _Chooser:
    """Which folders and columns become classes and vectors."""

    source: str
    rows: list[RowNote]
    below: list[tuple[str, ...]]
    names: Mapping[str, tuple[str, ...]]
    wanted: str
    columns_first: bool

    def choose(self) -> Marks:
        if self.wanted == "none":
            return Marks()
        if self.wanted == "folder":
            return Marks(*folder_labels(self.source, [row.name for row in self.rows], self.below, insist=True))
        columns = {name: self._column(name) for name in self._column_names()}
        if self.wanted != "auto":
            return Marks(*self._by_column(columns, self.wanted))
        folders = folder_labels(self.source, [row.name for row in self.rows], self.below, insist=False)
        taken = self._usual_column(columns) if self.columns_first or folders[0] is None else ""
        if not taken and folders[0] is None:
            taken = self._repeated_column(columns)
        labels = folders if not taken else self._by_column(columns, taken)
        rest = {name: column for name, column in columns.items() if name != taken}
        return self._with_vectors(Marks(*labels), rest)

    def _column_names(self) -> list[str]:
        return list(dict.fromkeys(name for row in self.rows for name in row.columns))

    def _column(self, name: str) -> Column:
        return column_of([row.columns.get(name) for row in self.rows], self.names.get(name, ()))

    def _usual_column(self, columns: Mapping[str, Column]) -> str:
        lowered = {name.lower(): name for name in reversed(list(columns))}
        for usual in LABEL_COLUMNS:
            if usual in lowered and columns[lowered[usual]].is_classes:
                return lowered[usual]
        return ""

    def _repeated_column(self, columns: Mapping[str, Column]) -> str:
        texts = [name for name, column in columns.items() if column.kind == "texts"]
        few = [name for name in texts if columns[name].distinct <= min(_MOST_TEXTS, len(self.rows) // 2)]
        return few[0] if len(few) == 1 else ""

    def _by_column(self, columns: Mapping[str, Column], name: str) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
        if name not in columns:
            there = ", ".join(columns) or "none"
            raise DataError(f"{self.source}: no column {name!r} of labels", f"columns are: {there}; or use labels auto")
        if not columns[name].is_classes:
            raise DataError(f"{self.source}: column {name!r} holds {columns[name].kind}, no classes", "name another")
        return columns[name].labels()

    def _with_vectors(self, marks: Marks, columns: Mapping[str, Column]) -> Marks:
        numbers = {name: each for name, each in columns.items() if each.is_numbers and name not in _NUMBERED}
        left_out = {name: _NUMBERED.get(name, each.kind) for name, each in columns.items() if name not in numbers}
        notes = [f"column {name} is left out: {reason}" for name, reason in left_out.items()]
        if not numbers:
            return replace(marks, notes=tuple(notes))
        vectors = np.concatenate([column.numbers() for column in numbers.values()], 1)
        names = tuple(one for name, column in numbers.items() for one in column.names(name))
        filled = int((np.isnan(vectors).any(1)).sum())
        if filled:
            notes.append(f"{filled:,} images without all numbers of {', '.join(numbers)} have the columns' means there")
            vectors = np.where(np.isnan(vectors), np.nanmean(vectors, 0, dtype=np.float64), vectors)
        notes.append(f"conditions: vectors of {len(names):,} numbers ({_listed(names)})")
        return replace(marks, vectors=vectors.astype(np.float32), columns=names, notes=tuple(notes))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def _tiny(marks: Marks, read: Read, rows: list[RowNote], empty: Sequence[str]) -> Iterator[str]:
    """Classes with no usable image, and with a single one."""
    assert marks.labels is not None
    known = set(marks.classes)
    tried = [_folders(item.name) for item in read.skipped] + [tuple(name.split("/")) for name in empty]
    depth = _class_depth(rows, known)
    lost = sorted({path[depth] for path in tried if len(path) > depth >= 0} - known, key=natural)
    if lost:
        yield f"no usable image in {_counted(lost, 'folder')}"
    counts = np.bincount(marks.labels[marks.labels >= 0], minlength=len(marks.classes))
    single = [name for name, count in zip(marks.classes, counts, strict=True) if count == 1]
    if single:
        yield f"a single image in {_counted(single, 'class', 'classes')}"


def _class_depth(rows: list[RowNote], classes: set[str]) -> int:
    """At which place of the rows' paths their class stands; -1 where it stands at several."""
    places = {next((at for at, part in enumerate(_folders(row.name)) if part in classes), -1) for row in rows}
    return places.pop() if len(places) == 1 else -1
