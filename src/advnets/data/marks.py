"""What goes with the rows of a table: classes, conditions that are none, and the split each is of.

Of images in files they come from the folders that the files lie in and from columns: those of a table beside them
(metadata.csv, CelebA's lists, StyleGAN's dataset.json) and those that their source carries with each of them.

    splits      the folders train, val and test, or those below the classes; a column split or partition
    classes     the first folder below, or above; else a column label; else the only column of texts that repeat
    vectors     every other column of numbers

Where the source carries the columns with each image, as parquet and WebDataset do, a column label goes before folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from advnets.data.classes import Labelled, below_common, folder_labels, natural
from advnets.data.columns import Column, column_of
from advnets.data.pictures import Read, RowNote
from advnets.data.side_files import Side, is_side, read_side
from advnets.data.splits import SPLIT_WORDS, split_codes
from advnets.data.table import Skipped, counted, skip
from advnets.errors import DataError

LABEL_COLUMNS = ("label", "labels", "class", "classes", "cls", "target", "targets", "category", "y", "fine_label")
SPLIT_COLUMNS = ("split", "partition", "subset")
_NUMBERED = {"identity": "it numbers people; --labels identity makes classes of them"}
"""Columns of whole numbers that are no quantities, as CelebA's, and what they are."""
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
    split = _splits(rows, below, wanted)
    ordered = any(side.replaces_folders for name, side in sides if name in spoken)
    folders = [()] * len(rows) if ordered else split.below
    marks = _Chooser(source, split.rows, folders, split.free, names, wanted, columns_first).choose()
    by_folder = not ordered and wanted in ("auto", "folder")
    poor = [
        *(_empty_classes(marks, read, rows, empty) if by_folder and marks.classes else ()),
        *_untrained(marks, split.codes),
    ]
    notes += [*split.notes, *marks.notes, *poor]
    return replace(marks, splits=split.codes, notes=tuple(notes), skipped=tuple(strangers))


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
    files: dict[str, list[int]] = {}
    for place, each in enumerate(rows):
        files.setdefault(each.file, []).append(place)  # pages of a TIFF share what is said of their file
    names = list(files)
    for name, side in sides:
        match = side.match(names)
        if not match.places:
            continue
        spoken.add(name)
        listing.append(name)
        of_file = dict(reversed(match.places))
        for file, row in of_file.items():
            said = side.entry(row, match.column)
            for place in files[names[file]]:
                listed[place] = True
                columns[place] = {**said, **columns[place]}
        if match.strange:
            notes.append(f"{counted(match.strange, 'row')} of {name} without a usable image")
        if again := [names[file] for file, row in match.places if row != of_file[file]]:
            notes.append(f"{counted(again, 'row')} of {name} left out, of images that an earlier row lists")
    if listing and not listed.all():
        missing = [rows[place].name for place in np.flatnonzero(~listed)]
        notes.append(f"{counted(missing, 'image')} kept, which no row of {' and '.join(listing)} lists")
    return [replace(row, columns=each) for row, each in zip(rows, columns, strict=True)], notes, spoken


@dataclass(frozen=True)
class _Split:
    """What folders and columns say of splits.

    Args:
        codes: uint8, N, places in `table.SPLITS`; None where they say nothing.
        below: the folders of each row below those of the splits.
        free: which rows may lie in no class's folder: those that folders do not say are for training.
        rows: without the columns that say it.
        notes: what people should hear of it.
    """

    codes: NDArray[np.uint8] | None
    below: list[tuple[str, ...]]
    free: NDArray[np.bool_]
    rows: list[RowNote]
    notes: tuple[str, ...]


def _splits(rows: list[RowNote], below: list[tuple[str, ...]], wanted: str) -> _Split:
    said: list[object] = [row.split or None for row in rows]
    free = np.zeros(len(rows), np.bool_)
    level, notes = _split_level(rows, below)
    if level is not None:
        known = [SPLIT_WORDS.get(word) for word in _words(below, level)]
        below = [parent[:level] + parent[level + 1 :] for parent in below]
        shared = iter(below_common([parent for parent in below if parent]))  # train/images/cats and test/images/cats
        below = [next(shared) if parent else () for parent in below]
        if "train" in known:
            said = [before or word for before, word in zip(said, known, strict=True)]
            free = np.array([word != "train" for word in known])
    for column in dict.fromkeys(name for row in rows for name in row.columns if name.lower() in SPLIT_COLUMNS):
        values = [row.columns.get(column) for row in rows]
        if split_codes(values) is not None:
            said = [before or value for before, value in zip(said, values, strict=True)]
        elif column == wanted:
            continue
        elif any(value is not None for value in values):
            notes.append(f"column {column} is left out: {_no_splits(values)}")
        rows = [_without(row, column) for row in rows]
    return _Split(split_codes(said), below, free, rows, tuple(notes))


def _words(below: Sequence[tuple[str, ...]], level: int) -> list[str]:
    """The folders at a level, in lower case; empty where there is none."""
    return [parent[level].lower() if len(parent) > level else "" for parent in below]


def _split_level(rows: Sequence[RowNote], below: Sequence[tuple[str, ...]]) -> tuple[int | None, list[str]]:
    """At which level of the folders splits stand, and what to say of it.

    At the first, train/cats, or at the second, cats/train, where nothing else stands there. None where at neither.
    """
    for level in (0, 1):
        words = _words(below, level)
        known = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
        strange = [row.name for row, word in zip(rows, words, strict=True) if word not in SPLIT_WORDS]
        if len(set(words)) < 2 or (strange and (level or len(known) < 2 or "train" not in known)):
            continue
        found = " and ".join(sorted({parent[level] for parent, word in zip(below, words, strict=True) if word}))
        if "train" not in known:
            return level, [f"{found} are no classes, and none is for training: splits are drawn from all images"]
        return level, [f"{counted(strange, 'image')} for training, outside of the folders of splits"] if strange else []
    return None, []


def _no_splits(values: Sequence[object]) -> str:
    """Why the values of a column are no splits."""
    for value in values:
        if value is not None and split_codes(["train", value]) is None:
            return f"{value!r} is none of train, val, test"
    return "no image in it is for training"


def _without(row: RowNote, column: str) -> RowNote:
    return replace(row, columns={name: value for name, value in row.columns.items() if name != column})


@dataclass(frozen=True)
class _Chooser:
    """Which folders and columns become classes and vectors."""

    source: str
    rows: list[RowNote]
    below: list[tuple[str, ...]]
    free: NDArray[np.bool_]
    names: Mapping[str, tuple[str, ...]]
    wanted: str
    columns_first: bool

    def choose(self) -> Marks:
        if self.wanted == "none":
            return Marks()
        if self.wanted == "folder":
            return Marks(*self._by_folder(insist=True), notes=tuple(self._outside("no class")))
        columns = {name: self._column(name) for name in self._column_names()}
        if self.wanted != "auto":
            return Marks(*self._by_column(columns, self.wanted))
        folders = self._by_folder(insist=False)
        taken = self._usual_column(columns) if self.columns_first or folders[0] is None else ""
        if not taken and folders[0] is None:
            taken = self._repeated_column(columns)
        labels = folders if not taken else self._by_column(columns, taken)
        rest = {name: column for name, column in columns.items() if name != taken}
        marks = self._with_vectors(Marks(*labels), rest)
        if taken:
            return marks
        return replace(marks, notes=(*self._outside("no classes" if labels[0] is None else "no class"), *marks.notes))

    def _by_folder(self, insist: bool) -> Labelled:
        return folder_labels(self.source, [row.name for row in self.rows], self.below, self.free, insist=insist)

    def _outside(self, said: str) -> Iterator[str]:
        """Which images lie in no folder, where others do."""
        outside = [row.name for row, parent in zip(self.rows, self.below, strict=True) if not parent]
        if 0 < len(outside) < len(self.rows):
            verb = "lies" if len(outside) == 1 else "lie"
            yield f"{said}: {counted(outside, 'image')} {verb} in no sub-folder, as the others do"

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

    def _by_column(self, columns: Mapping[str, Column], name: str) -> Labelled:
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
        missing = np.isnan(vectors)
        filled, unknown = int((missing.any(1) & ~missing.all(1)).sum()), int(missing.all(1).sum())
        if filled:
            images = "image" if filled == 1 else "images"
            notes.append(f"the columns' means stand in {filled:,} {images} without all numbers of {', '.join(numbers)}")
            means = np.nanmean(vectors, 0, dtype=np.float64)
            vectors = np.where(missing & ~missing.all(1, keepdims=True), means, vectors)
        if unknown:
            notes.append(
                f"no vector: {unknown:,} image{'s' * (unknown > 1)} without any number of {', '.join(numbers)}"
            )
        notes.append(f"conditions: vectors of {len(names):,} number{'s' * (len(names) > 1)} ({_listed(names)})")
        return replace(marks, vectors=vectors.astype(np.float32), columns=names, notes=tuple(notes))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def _empty_classes(marks: Marks, read: Read, rows: list[RowNote], empty: Sequence[str]) -> Iterator[str]:
    """Folders of classes with no usable image."""
    known = set(marks.classes)
    tried = [_folders(item.name) for item in read.skipped] + [tuple(name.split("/")) for name in empty]
    depth = _class_depth(rows, known)
    lost = sorted({path[depth] for path in tried if len(path) > depth >= 0} - known, key=natural)
    if lost:
        yield f"no usable image in {counted(lost, 'folder')}"


def _untrained(marks: Marks, codes: NDArray[np.uint8] | None) -> Iterator[str]:
    """Classes that other splits have alone."""
    if codes is not None and marks.labels is not None:
        others = set(marks.labels.tolist()) - set(marks.labels[codes == 0].tolist())
        if lost := [name for number, name in enumerate(marks.classes) if number in others]:
            yield f"no image for training in {counted(lost, 'class', 'classes')}"


def _class_depth(rows: list[RowNote], classes: set[str]) -> int:
    """At which place of the rows' paths their class stands; -1 where it stands at several."""
    places = {next((at for at, part in enumerate(_folders(row.name)) if part in classes), -1) for row in rows}
    return places.pop() if len(places) == 1 else -1
