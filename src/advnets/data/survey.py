"""A look at data before a training: what there is, what was left out and why, what is there twice, what is strange."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.duplicates import FLAT, ROUNDS, Looks, Near, first_alike, groups, look_at, near_duplicates
from advnets.data.orientation import Orientation, orientation
from advnets.data.origins import Origins
from advnets.data.parallel import progress_bar
from advnets.data.table import SPLITS, ImageTable, Skipped, Table, class_counts, holds_images, printable

TINY = 50
"""Training examples below which a class is named: too few to be learned, and to be measured within."""
_FREQUENT = 5  # sizes
_LISTED = 20  # pairs and sets

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Sizes:
    """Heights and widths of images as they were stored, in pixels.

    Args:
        smallest, largest: by area.
        frequent: the most frequent ones, and how many images have each.
        distinct: how many there are.
        aspects: width by height: the least, the median, the greatest.
    """

    smallest: tuple[int, int]
    largest: tuple[int, int]
    frequent: tuple[tuple[tuple[int, int], int], ...]
    distinct: int
    aspects: tuple[float, float, float]


@dataclass(frozen=True)
class LeftOut:
    """Files that were left out for one reason.

    Args:
        reason: what is wrong with them.
        files: all of them.
    """

    reason: str
    files: tuple[Skipped, ...]


@dataclass(frozen=True)
class Copies:
    """Examples that are there more than once, to the last bit.

    Args:
        sets: rows of each set of copies, the lowest first; sets in the order of their lowest rows.
        across: rows of "valid" and of "test" that are copies of one in "train".
        other_class: rows whose class is not that of the first of their set.
    """

    sets: tuple[Rows, ...]
    across: Mapping[str, int]
    other_class: int

    @property
    def extra(self) -> int:
        """How many examples could be left out without losing a different one."""
        return sum(len(rows) - 1 for rows in self.sets)


@dataclass(frozen=True)
class Alike:
    """Images that are nearly the same as another, and not exactly.

    Args:
        pairs: those with the least difference first.
        images: how many images are in a pair.
        sets: into how many sets pairs join them.
        across: rows of "valid" and of "test" in a pair with one in "train".
    """

    pairs: Near
    images: int
    sets: int
    across: Mapping[str, int]


@dataclass(frozen=True)
class Column:
    """Numbers that examples or their conditions have.

    Args:
        name: of the column.
        mean, deviation, least, greatest: of its values.
    """

    name: str
    mean: float
    deviation: float
    least: float
    greatest: float


@dataclass(frozen=True, eq=False)
class Survey:
    """What is in a table.

    Args:
        table: the data.
        classes: examples of each class by split, in the order of the classes; empty without classes.
        unlabeled: examples without a class, where others have one.
        columns: of the conditions; of points, their own.
        left_out: files that were left out, by reason, the most frequent first.
        copies: exact copies.
        origins: what the rows were before they were read, where that is known.
        sizes: the same in figures.
        looks: what each image looks like; None of points.
        alike: near duplicates; None of points.
        orientation: whether images may be mirrored; None of points.
    """

    table: Table
    classes: Mapping[str, Mapping[str, int]]
    unlabeled: int
    columns: tuple[Column, ...]
    left_out: tuple[LeftOut, ...]
    copies: Copies
    origins: Origins | None = None
    sizes: Sizes | None = None
    looks: Looks | None = None
    alike: Alike | None = None
    orientation: Orientation | None = None

    @property
    def empty(self) -> list[str]:
        """Classes without an example."""
        return [name for name, counts in self.classes.items() if not sum(counts.values())]

    @property
    def tiny(self) -> list[str]:
        """Classes with an example and fewer than `TINY` of them for training."""
        return [name for name, counts in self.classes.items() if counts["train"] < TINY and sum(counts.values())]

    @property
    def flat(self) -> Rows:
        """Rows of images of a single shade."""
        return np.flatnonzero(self.looks.deviations < FLAT) if self.looks is not None else np.empty(0, np.int64)

    def name(self, row: int) -> str:
        """What a row is called: its file, or its number."""
        if self.origins is not None and self.origins.names:
            return printable(self.origins.names[row])
        return f"row {row}"

    def first(self, values: NDArray[Any], count: int, beyond: float | None = None) -> Rows:
        """Rows of the least values, the least first and of exact copies one alone.

        Args:
            values: N, one for each row.
            count: how many rows, at most.
            beyond: only values below it.
        """
        order = np.argsort(values, kind="stable")
        if self.looks is not None:
            order = order[self.looks.same[order] == order]
        return order[:count] if beyond is None else order[:count][values[order[:count]] < beyond]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, as JSON has them; pairs and sets by their first names."""
        return {
            "name": self.table.name,
            "format": self.table.format,
            "fingerprint": self.table.fingerprint,
            "shape": list(self.table.shape),
            "examples": len(self.table),
            "splits": {split: self.table.count(split) for split in SPLITS},
            "stored": self._stored(),
            "classes": {name: dict(counts) for name, counts in self.classes.items()},
            "unlabeled": self.unlabeled,
            "columns": [asdict(column) for column in self.columns],
            "notes": list(self.table.notes),
            "left_out": [
                {"reason": each.reason, "files": [str(file) for file in each.files]} for each in self.left_out
            ],
            "copies": {
                "extra": self.copies.extra,
                "across": dict(self.copies.across),
                "other_class": self.copies.other_class,
                "sets": [[self.name(row) for row in rows] for rows in self.copies.sets[:_LISTED]],
            },
            **({"near": self._near(self.alike), "flat": [self.name(row) for row in self.flat]} if self.alike else {}),
        }

    def _stored(self) -> dict[str, Any] | None:
        if self.origins is None or self.sizes is None:
            return None
        return {"kinds": dict(self.origins.kinds), "sizes": asdict(self.sizes), "values": self.origins.extremes}

    def _near(self, alike: Alike) -> dict[str, Any]:
        near = alike.pairs
        closest = [
            {"names": [self.name(row) for row in rows], "difference": difference, "correlation": correlation}
            for rows, difference, correlation in zip(
                near.rows[:_LISTED].tolist(), near.differences.tolist(), near.correlations.tolist(), strict=False
            )
        ]
        return {"images": alike.images, "sets": alike.sets, "across": dict(alike.across), "closest": closest}


def survey(table: Table, progress: bool = True) -> Survey:
    """Looks through all of a table: a pass over its images, and a search for near duplicates.

    Args:
        table: images or points.
        progress: show a bar on the terminal.
    """
    images = table.values if isinstance(table, ImageTable) else None
    origins = table.origins() if isinstance(table, ImageTable) else None
    if origins is not None and len(origins.sizes) != len(table):
        origins = None  # of a source that was read anew since
    looks = alike = None
    if images is not None:
        with progress_bar(f"Looking at {table.name}", len(table), shown=progress) as advance:
            looks = look_at(images, advance)
        with progress_bar("Looking for near duplicates", ROUNDS, unit="rounds", shown=progress) as advance:
            alike = _alike(table, near_duplicates(images, looks, advance))
    same = looks.same if looks is not None else first_alike(table.values)
    return Survey(
        table,
        _classes(table),
        0 if table.labels is None else int((table.labels < 0).sum()),
        _columns(table),
        _left_out(table.skipped),
        _copies(table, same),
        origins,
        None if origins is None else sizes_of(origins.sizes),
        looks,
        alike,
        None if images is None else orientation(images),
    )


def sizes_of(sizes: NDArray[np.int32]) -> Sizes:
    """The distribution of sizes.

    Args:
        sizes: N x 2, heights and widths.
    """
    distinct, counts = np.unique(sizes, axis=0, return_counts=True)
    by_area = distinct[np.argsort(distinct.prod(1, dtype=np.int64), kind="stable")]
    often = np.argsort(-counts, kind="stable")[:_FREQUENT]
    aspects = sizes[:, 1] / sizes[:, 0]
    return Sizes(
        _pair(by_area[0]),
        _pair(by_area[-1]),
        tuple((_pair(distinct[place]), int(counts[place])) for place in often),
        len(distinct),
        (float(aspects.min()), float(np.median(aspects)), float(aspects.max())),
    )


def _pair(size: NDArray[np.int32]) -> tuple[int, int]:
    return int(size[0]), int(size[1])


def _classes(table: Table) -> dict[str, dict[str, int]]:
    if table.labels is None:
        return {}
    counts = {split: class_counts(table, split).tolist() for split in SPLITS}
    return {name: {split: counts[split][number] for split in SPLITS} for number, name in enumerate(table.classes)}


def _columns(table: Table) -> tuple[Column, ...]:
    """The columns of the conditions; of points, their own, in their own units."""
    names, values = table.columns, table.vectors if holds_images(table) else table.values
    if table.scale is not None:
        names, values = table.scale.columns, table.scale.restore(table.values)
    if values is None:
        return ()
    numbers = [f"{place}" for place in range(values.shape[1])]
    names = names if len(names) == len(numbers) else numbers
    values = values[~np.isnan(values).all(1)]  # conditions that are known
    figures = [values.mean(0, dtype=np.float64), values.std(0, dtype=np.float64), values.min(0), values.max(0)]
    rows = np.stack(figures, 1).tolist()
    return tuple(Column(name, *row) for name, row in zip(names, rows, strict=True))


def _left_out(skipped: Sequence[Skipped]) -> tuple[LeftOut, ...]:
    """Reasons are one where they differ in numbers and in what stands in brackets alone."""
    found: dict[str, list[Skipped]] = {}
    for each in skipped:
        reason = re.split(r" \(|[:;]", each.reason)[0]
        found.setdefault(re.sub(r"-?[0-9][0-9,.e+-]*", "N", reason), []).append(each)
    return tuple(
        LeftOut(re.split(r" \(|[:;]", files[0].reason)[0], tuple(files))
        for files in sorted(found.values(), key=len, reverse=True)
    )


def _copies(table: Table, same: Rows) -> Copies:
    order = np.argsort(same, kind="stable")
    starts = np.flatnonzero(np.diff(same[order], prepend=-1))
    sets = tuple(rows for rows in np.split(order, starts[1:]) if len(rows) > 1)
    labels = table.labels
    other = 0 if labels is None else int((labels != labels[same]).sum())
    return Copies(sets, _across(table, same), other)


def _across(table: Table, same: Rows) -> dict[str, int]:
    """Rows of each held-out split that are in one set with a row for training."""
    train = same[table.rows("train")]
    return {split: int(np.isin(same[table.rows(split)], train).sum()) for split in SPLITS if split != "train"}


def _alike(table: Table, near: Near) -> Alike:
    rows = np.unique(near.rows)
    sets = groups(near.rows, len(table))
    is_train = np.zeros(len(table), np.bool_)
    is_train[table.rows("train")] = True
    beside = np.concatenate([near.rows[is_train[near.rows[:, 1 - place]], place] for place in range(2)])
    across = {split: len(np.intersect1d(beside, table.rows(split))) for split in SPLITS if split != "train"}
    return Alike(near, len(rows), len(np.unique(sets[rows])), across)
