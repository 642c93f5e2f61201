"""What goes with the rows of a table: classes, conditions that are none, and the split each is of.

Of images in files they come from the folders that the files lie in and from columns: those of a table beside them
(metadata.csv, CelebA's lists, StyleGAN's dataset.json) and those that their source carries with each of them.

    splits      the folders train, val and test, or those below the classes; a column split or partition
    classes     the first folder below, or above; else a column label; else the only column of texts that repeat
    vectors     every other column of numbers

Where the source carries the columns with each image, as parquet and WebDataset do, a column label goes before folders.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from advnets.data.classes import Labelled, below_common, folder_labels, natural
from advnets.data.columns import Column, column_of
from advnets.data.notes import ROWS_AT_ONCE, Coded, Notes, spread
from advnets.data.pictures import Read
from advnets.data.side_files import Side, is_side, read_side
from advnets.data.splits import SPLIT_WORDS, split_codes
from advnets.data.table import SHOWN, SPLITS, Skipped, counted, skip
from advnets.errors import DataError

LABEL_COLUMNS = ("label", "labels", "class", "classes", "cls", "target", "targets", "category", "y", "fine_label")
SPLIT_COLUMNS = ("split", "partition", "subset")
_NUMBERED = {"identity": "it numbers people; --labels identity makes classes of them"}
"""Columns of whole numbers that are no quantities, as CelebA's, and what they are."""
_MOST_TEXTS = 1000
_UNSAID = len(SPLITS)  # in the place of a split


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
    columns, notes, spoken = _joined(read.notes, sides)
    strangers = [skip(name, "no image, and no table of these images") for name, _ in found if name not in spoken]
    folders = _below_common(read.notes.folders())
    split = _splits(read.notes, columns, folders, wanted)
    ordered = any(side.replaces_folders for name, side in sides if name in spoken)
    below = Coded([()] * len(folders.values), folders.codes) if ordered else split.below
    chooser = _Chooser(source, read.notes, split.columns, below, split.free, names, wanted, columns_first)
    marks = chooser.choose()
    by_folder = not ordered and wanted in ("auto", "folder")
    poor = [
        *(_empty_classes(marks, read, empty) if by_folder and marks.classes else ()),
        *_untrained(marks, split.codes),
    ]
    notes += [*split.notes, *marks.notes, *poor]
    return replace(marks, splits=split.codes, notes=tuple(notes), skipped=tuple(strangers))


def _folders(name: str) -> tuple[str, ...]:
    return tuple(name.split("/")[:-1])


def _below_common(folders: Coded) -> Coded:
    """Folders of rows, as tuples, without those that all share."""
    return Coded(below_common([tuple(folder.split("/")) if folder else () for folder in folders.values]), folders.codes)


def _named(rows: Notes, mask: NDArray[np.bool_], one: str) -> str:
    """As "12 images (a, b, c, ...)", of the rows that a mask has."""
    count, names = rows.said(mask, SHOWN)
    return counted(names, one, count=count)


def _joined(rows: Notes, sides: list[tuple[str, Side]]) -> tuple[dict[str, Coded], list[str], set[str]]:
    """The columns with what the files beside the rows say, what to say of that, and which files say something."""
    columns, notes = rows.columns(), list[str]()
    listing: list[str] = []
    spoken = {name for name, side in sides if side.replaces_folders}
    if not sides:
        return columns, notes, spoken
    listed = np.zeros(rows.count, np.bool_)
    files: dict[str, list[int]] = {}
    for place, file in enumerate(rows.files()):
        files.setdefault(file, []).append(place)  # pages of a TIFF share what is said of their file
    names = list(files)
    for name, side in sides:
        match = side.match(names)
        if not match.places:
            continue
        spoken.add(name)
        listing.append(name)
        of_file = dict(reversed(match.places))
        lines = np.full(rows.count, -1, np.int32)
        for file, row in of_file.items():
            lines[files[names[file]]] = row
        listed |= lines >= 0
        said = {each: values for each, values in side.columns.items() if each != match.column}
        columns = {
            **{each: _beside(columns.get(each), values, lines) for each, values in said.items()},
            **{each: column for each, column in columns.items() if each not in said},
        }
        if match.strange:
            notes.append(f"{counted(match.strange, 'row')} of {name} without a usable image")
        if again := [names[file] for file, row in match.places if row != of_file[file]]:
            notes.append(f"{counted(again, 'row')} of {name} left out, of images that an earlier row lists")
    if listing and not listed.all():
        notes.append(f"{_named(rows, ~listed, 'image')} kept, which no row of {' and '.join(listing)} lists")
    return columns, notes, spoken


def _beside(own: Coded | None, values: Sequence[object], lines: NDArray[np.int32]) -> Coded:
    """A column of a file beside the rows: what they have of their own goes before it.

    Args:
        lines: which of the values each row has, -1 for none.
    """
    before = [] if own is None else list(own.values)
    codes = np.where(lines < 0, -1, lines + len(before))
    codes = codes if own is None else np.where(own.codes < 0, codes, own.codes)
    used, places = np.unique(codes, return_inverse=True)
    lacking = int(used[0] < 0)
    there = [*before, *values]
    return Coded([there[place] for place in used[lacking:].tolist()], (places - lacking).astype(np.int32))


@dataclass(frozen=True)
class _Split:
    """What folders and columns say of splits.

    Args:
        codes: uint8, N, places in `table.SPLITS`; None where they say nothing.
        below: the folders of the rows below those of the splits, as tuples.
        free: in which of these rows may lie in no class's folder: those that folders do not say are for training.
        columns: those that do not say it.
        notes: what people should hear of it.
    """

    codes: NDArray[np.uint8] | None
    below: Coded
    free: Sequence[bool]
    columns: dict[str, Coded]
    notes: tuple[str, ...]


def _splits(rows: Notes, columns: dict[str, Coded], folders: Coded, wanted: str) -> _Split:
    said = _places(rows.splits())
    below: list[tuple[str, ...]] = list(folders.values)
    free = [False] * len(below)
    level, notes = _split_level(rows, Coded(below, folders.codes))
    if level is not None:
        known = [SPLIT_WORDS.get(word) for word in _words(below, level)]
        below = [parent[:level] + parent[level + 1 :] for parent in below]
        shared = iter(below_common([parent for parent in below if parent]))  # train/images/cats and test/images/cats
        below = [next(shared) if parent else () for parent in below]
        if "train" in known:
            _fill(said, _places(Coded(known, folders.codes)))
            free = [word != "train" for word in known]
    for column in [name for name in columns if name.lower() in SPLIT_COLUMNS]:
        if _are_splits(columns[column]):
            _fill(said, _places(columns[column]))
        elif column == wanted:
            continue
        elif any(value is not None for value in columns[column].values):
            notes.append(f"column {column} is left out: {_no_splits(columns[column])}")
        columns = {name: each for name, each in columns.items() if name != column}
    codes = None if (said == _UNSAID).all() else np.where(said == _UNSAID, 0, said).astype(np.uint8)
    codes = codes if codes is not None and (codes == 0).any() else None
    return _Split(codes, Coded(below, folders.codes), free, columns, tuple(notes))


def _are_splits(column: Coded) -> bool:
    """Whether the values of a column are splits, and some row is for training."""
    return split_codes([*column.values, *([None] if column.lacking else [])]) is not None


def _places(column: Coded) -> NDArray[np.uint8]:
    """Places of splits in `table.SPLITS`; `_UNSAID` where a row has no value."""

    def place(value: object) -> int:
        codes = None if value is None else split_codes([value, "train"])
        return _UNSAID if codes is None else int(codes[0])

    return column.table(place, _UNSAID, np.uint8)


def _fill(said: NDArray[np.uint8], more: NDArray[np.uint8]) -> None:
    """Says the splits of rows of which nothing is said."""
    np.copyto(said, more, where=said == _UNSAID)


def _words(below: Sequence[tuple[str, ...]], level: int) -> list[str]:
    """The folders at a level, in lower case; empty where there is none."""
    return [parent[level].lower() if len(parent) > level else "" for parent in below]


def _split_level(rows: Notes, folders: Coded) -> tuple[int | None, list[str]]:
    """At which level of the folders splits stand, and what to say of it.

    At the first, train/cats, or at the second, cats/train, where nothing else stands there. None where at neither.
    """
    below = list(folders.values)
    for level in (0, 1):
        words = _words(below, level)
        known = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
        strange = any(word not in SPLIT_WORDS for word in words)
        if len(set(words)) < 2 or (strange and (level or len(known) < 2 or "train" not in known)):
            continue
        found = " and ".join(sorted({parent[level] for parent, word in zip(below, words, strict=True) if word}))
        if "train" not in known:
            return level, [f"{found} are no classes, and none is for training: splits are drawn from all images"]
        if not strange:
            return level, []
        apart = spread(np.array([word not in SPLIT_WORDS for word in words]), folders.codes)
        return level, [f"{_named(rows, apart, 'image')} for training, outside of the folders of splits"]
    return None, []


def _no_splits(column: Coded) -> str:
    """Why the values of a column are no splits."""
    for value in column.values:
        if value is not None and split_codes(["train", value]) is None:
            return f"{value!r} is none of train, val, test"
    return "no image in it is for training"


@dataclass(frozen=True)
class _Chooser:
    """Which folders and columns become classes and vectors."""

    source: str
    rows: Notes
    columns: Mapping[str, Coded]
    below: Coded
    free: Sequence[bool]
    names: Mapping[str, tuple[str, ...]]
    wanted: str
    columns_first: bool

    def choose(self) -> Marks:
        if self.wanted == "none":
            return Marks()
        folders = folder_labels(self.below, self.free)
        if self.wanted == "folder":
            if folders[0] is None:
                raise self._no_classes()
            return Marks(*folders, notes=tuple(self._outside("no class")))
        columns = {name: column_of(each, self.names.get(name, ())) for name, each in self.columns.items()}
        if self.wanted != "auto":
            return Marks(*self._by_column(columns, self.wanted))
        taken = self._usual_column(columns) if self.columns_first or folders[0] is None else ""
        if not taken and folders[0] is None:
            taken = self._repeated_column(columns)
        labels = folders if not taken else self._by_column(columns, taken)
        rest = {name: column for name, column in columns.items() if name != taken}
        marks = self._with_vectors(Marks(*labels), rest)
        if taken:
            return marks
        return replace(marks, notes=(*self._outside("no classes" if labels[0] is None else "no class"), *marks.notes))

    def _no_classes(self) -> DataError:
        """That sub-folders are no classes."""
        apart = spread(np.array([not parent for parent in self.below.values]), self.below.codes)
        apart &= ~spread(np.array(self.free), self.below.codes)
        count, names = self.rows.said(apart if apart.any() else np.ones(self.rows.count, np.bool_), 1)
        remedy = "put every image into a sub-folder named as its class, at least two of them, or use labels none"
        return DataError(f"{self.source}: no class for {names[0]} ({count} such images)", remedy)

    def _outside(self, said: str) -> Iterator[str]:
        """Which images lie in no folder, where others do."""
        outside = spread(np.array([not parent for parent in self.below.values]), self.below.codes)
        if outside.any() and not outside.all():
            verb = "lies" if np.count_nonzero(outside) == 1 else "lie"
            yield f"{said}: {_named(self.rows, outside, 'image')} {verb} in no sub-folder, as the others do"

    def _usual_column(self, columns: Mapping[str, Column]) -> str:
        lowered = {name.lower(): name for name in reversed(list(columns))}
        for usual in LABEL_COLUMNS:
            if usual in lowered and columns[lowered[usual]].is_classes:
                return lowered[usual]
        return ""

    def _repeated_column(self, columns: Mapping[str, Column]) -> str:
        texts = [name for name, column in columns.items() if column.kind == "texts"]
        most = min(_MOST_TEXTS, self.rows.count // 2)
        few = [name for name in texts if columns[name].distinct(most) <= most]
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
        each = {name: column.numbers() for name, column in numbers.items()}
        vectors = np.concatenate(list(each.values()), 1)
        names = tuple(one for name, column in numbers.items() for one in column.names(name, each[name].shape[1]))
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


def _empty_classes(marks: Marks, read: Read, empty: Sequence[str]) -> Iterator[str]:
    """Folders of classes with no usable image."""
    known = set(marks.classes)
    tried = [_folders(item.name) for item in read.skipped] + [tuple(name.split("/")) for name in empty]
    depth = _class_depth(read.notes.folders().values, known)
    lost = sorted({path[depth] for path in tried if len(path) > depth >= 0} - known, key=natural)
    if lost:
        yield f"no usable image in {counted(lost, 'folder')}"


def _untrained(marks: Marks, codes: NDArray[np.uint8] | None) -> Iterator[str]:
    """Classes that other splits have alone."""
    if codes is not None and marks.labels is not None:
        trained = [np.unique(part[codes[start : start + len(part)] == 0]) for start, part in _starts(marks.labels)]
        others = set(range(len(marks.classes))) - {int(number) for each in trained for number in each}
        others &= {int(number) for _, part in _starts(marks.labels) for number in np.unique(part)}
        if lost := [name for number, name in enumerate(marks.classes) if number in others]:
            yield f"no image for training in {counted(lost, 'class', 'classes')}"


def _starts(labels: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Labels, some rows at a time, and where these begin."""
    return ((start, labels[start : start + ROWS_AT_ONCE]) for start in range(0, len(labels), ROWS_AT_ONCE))


def _class_depth(folders: Iterable[str], classes: set[str]) -> int:
    """At which place of the rows' paths their class stands; -1 where it stands at several."""
    paths = (folder.split("/") if folder else [] for folder in folders)
    places = {next((at for at, part in enumerate(path) if part in classes), -1) for path in paths}
    return places.pop() if len(places) == 1 else -1
