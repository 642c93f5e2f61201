"""What every source becomes: one table of examples, with labels and conditions, splits and what was left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from advnets.data.attributes import Attribute, attributes_of, facts_of
from advnets.data.origins import Origins
from advnets.data.scale import Scale
from advnets.data.sources import Sources
from advnets.errors import DataError

SPLITS = ("train", "valid", "test")
HELD_OUT = "valid+test"
"""All that no game is trained on: validation and test images together."""
_ROWS_AT_ONCE = 4096
SHOWN = 3
"""Names in a note."""


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why.

    Args:
        name: its path below the source, printable on one line.
        reason: what is wrong with it.
    """

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def skip(name: str, reason: str) -> Skipped:
    """A `Skipped` whose name prints on one line."""
    return Skipped(printable(name), reason)


def printable(name: str) -> str:
    """A name as it prints on one line, whatever bytes a file system or file allowed in it."""
    encoded = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in encoded)


def counted(names: Sequence[str], one: str, many: str = "", count: int | None = None) -> str:
    """As "12 rows (a, b, c, ...)"; of a `count` of them the first names may be given alone."""
    total = len(names) if count is None else count
    shown = ", ".join(names[:SHOWN]) + (", ..." if total > SHOWN else "")
    return f"{total:,} {one if total == 1 else many or one + 's'} ({shown})"


class Table(Protocol):
    """Examples of one shape, with their splits, classes and conditions: images (`ImageTable`) or points (`PointTable`).

    Attributes:
        name: what the data are called: a known name, or that of the folder, archive or file.
        fingerprint: SHA-256 (hex) of the content and of what was done to it.
        values: every stored example: uint8 N x C x H x W, mapped from disk, or float32 points N x D.
        shape: of one example: (C, H, W), or (D,).
        labels: int64, N, indices into `classes`; None where the source has none.
        classes: the names of the labels; empty without labels.
        vectors: float32, N x V: conditions that are no classes, one a row; None where the source has none.
        columns: the names of the vectors' numbers; empty where nobody named them.
        drawn: whether the test part was drawn by us, and is no published one.
        skipped: files that were left out.
        notes: what was noticed when they were read, each a sentence without its full stop.
        format: what the source was recognized as, in words.
        stack_of: opens the table that each channel is an image of; None where channels are colors.
        scale: the columns in their own units, where `values` are standardized numbers; None where they are not.
        modes: float32, K x D, the means of the mixture that points are drawn from; None where that is not known.
        deviation: of each coordinate within a mode; 0 without modes.
        sources: images that are translated into these; None where there are none.
    """

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def values(self) -> NDArray[Any]: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def labels(self) -> NDArray[np.int64] | None: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def vectors(self) -> NDArray[np.float32] | None: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def drawn(self) -> bool: ...
    @property
    def skipped(self) -> tuple[Skipped, ...]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def format(self) -> str: ...
    @property
    def stack_of(self) -> Callable[[], Table] | None: ...
    @property
    def scale(self) -> Scale | None: ...
    @property
    def modes(self) -> NDArray[np.float32] | None: ...
    @property
    def deviation(self) -> float: ...
    @property
    def sources(self) -> Sources | None: ...

    def __len__(self) -> int: ...

    def rows(self, split: str) -> NDArray[np.int64]:
        """Sorted row numbers of a split: "train", "valid", "test", "valid+test" or "all"; empty where none are kept."""
        ...

    def count(self, split: str) -> int:
        """How many real examples of a split `reals` gives."""
        ...

    def reals(self, split: str, count: int | None = None) -> NDArray[Any]:
        """Real examples of a split, all or `count` of them, always the same ones: an array of its own, not mapped."""
        ...

    def digest(self, split: str) -> str:
        """SHA-256 (hex) of a split's real examples: the same for the same examples, however they were opened."""
        ...

    def of_class(self, number: int) -> Table:
        """The same table with the rows of one class alone in every split."""
        ...


def _unknown() -> None:
    """The origins of a table that nobody read."""
    return


@dataclass(frozen=True, eq=False)
class ImageTable:
    """Images of one shape, stored as bytes and mapped from disk.

    Args:
        values: uint8, N x C x H x W, C-contiguous, read-only, mapped from the cache.
        labels: int64, N, indices into `classes`; None where the source has none.
        classes: the names of the labels; empty without labels.
        fingerprint: SHA-256 (hex) of the stored content and of what was done to it.
        name: "mnist", or the name of the folder, archive or file.
        skipped: files that were left out, in the order in which they were met.
        splits: sorted int64 row numbers of "train", "valid" and "test". Empty: every row is for training.
        stack_of: opens the table that each channel is an image of, with labels that are the digits of this table's
            (stacked-mnist: mnist); None where channels are colors.
        vectors: float32, N x V, a condition a row; None where the source has none.
        columns: the V names of its numbers; empty where nobody named them.
        notes: what was noticed when the source was read, each a sentence without its full stop.
        format: what the source was recognized as, in words.
        drawn: whether the test part was drawn by us, by the images' content, and is no published one.
        origins: gives what the rows were before they were read; None where that is not known.
        sources: images that are translated into these; None where there are none.
    """

    values: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    fingerprint: str
    name: str
    skipped: tuple[Skipped, ...] = ()
    splits: Mapping[str, NDArray[np.int64]] = field(default_factory=dict[str, NDArray[np.int64]])
    stack_of: Callable[[], Table] | None = None
    vectors: NDArray[np.float32] | None = None
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    format: str = ""
    drawn: bool = False
    origins: Callable[[], Origins | None] = _unknown
    sources: Sources | None = None

    @property
    def scale(self) -> None:
        """Images have no columns."""
        return

    @property
    def modes(self) -> None:
        """Nobody knows the modes of images."""
        return

    @property
    def deviation(self) -> float:
        """Without modes there is none within them."""
        return 0.0

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        channels, height, width = self.values.shape[1:]
        return channels, height, width

    def rows(self, split: str) -> NDArray[np.int64]:
        """Row numbers of a split.

        Args:
            split: "train", "valid", "test", "valid+test" or "all".

        Returns:
            int64, sorted, read-only. "valid" and "test" may be empty when the table is tiny.

        Raises:
            DataError: there is no such split.
        """
        check_split(split)
        if split in self.splits:
            return self.splits[split]
        if split == HELD_OUT:
            both = np.sort(np.concatenate([self.rows("valid"), self.rows("test")]), kind="stable")
            return both[np.diff(both, prepend=-1) > 0]  # as union1d, which is slow for rows in order
        everything = split == "all" or (split == "train" and not self.splits)
        return first_rows(len(self) if everything else 0)

    def count(self, split: str) -> int:
        """How many images a split has."""
        return len(self.rows(split))

    def reals(self, split: str, count: int | None = None) -> NDArray[np.uint8]:
        """The first `count` images of a split, or all of them: uint8 n x C x H x W, a copy in memory."""
        return self.values[self.rows(split)[:count]]

    def digest(self, split: str) -> str:
        """SHA-256 (hex) of a split's shape and pixels: the same images are the same, however they were opened."""
        found, rows = hashlib.sha256(str(self.shape).encode()), self.rows(split)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            found.update(self.values[rows[start : start + _ROWS_AT_ONCE]].tobytes())
        return found.hexdigest()

    def of_class(self, number: int) -> ImageTable:
        """The same table with the rows of class `number` alone in every split.

        Raises:
            DataError: the table has no labels.
        """
        labels = labels_of(self)
        splits = {split: self.rows(split) for split in (*SPLITS, "all")}
        return replace(self, splits={split: rows[labels[rows] == number] for split, rows in splits.items()})


def check_split(split: str) -> None:
    """Refuses what is no split.

    Raises:
        DataError: neither "train", "valid", "test", "valid+test" nor "all".
    """
    if split not in (*SPLITS, HELD_OUT, "all"):
        raise DataError(f"there is no split {split!r}", f"choose one of {', '.join(SPLITS)}, {HELD_OUT}, all")


def first_rows(count: int) -> NDArray[np.int64]:
    """0, 1, ..., count - 1, read-only."""
    rows = np.arange(count, dtype=np.int64)
    rows.flags.writeable = False
    return rows


def holds_images(table: Table) -> bool:
    """Whether its examples are images, C x H x W, and not points."""
    return len(table.shape) == 3


def class_counts(table: Table, split: str = "train") -> NDArray[np.int64]:
    """How many stored rows of each class a split has; rows without a class (-1) are not counted.

    Returns:
        int64, K, in the order of the table's classes.

    Raises:
        DataError: the table has no labels, or there is no such split.
    """
    labels = labels_of(table)[table.rows(split)]
    return np.bincount(labels[labels >= 0], minlength=len(table.classes)).astype(np.int64)


def table_attributes(table: Table) -> tuple[Attribute, ...]:
    """The numbers of a table's vectors of conditions over its training rows; none where it has no vectors."""
    return () if table.vectors is None else attributes_of(table.vectors[table.rows("train")], table.columns)


def without_condition(table: Table) -> int:
    """How many training rows have no condition: no vector, where there are vectors, else no class."""
    rows = table.rows("train")
    if table.vectors is not None:
        return int(np.isnan(table.vectors[rows]).any(1).sum())
    return 0 if table.labels is None else int((table.labels[rows] < 0).sum())


def labels_of(table: Table) -> NDArray[np.int64]:
    """The labels of all rows.

    Raises:
        DataError: the table has none.
    """
    if table.labels is None:
        raise DataError(
            f"{table.name} has no labels", "use data with classes: a folder for each, or an array of labels"
        )
    return table.labels


def describe(table: Table) -> dict[str, Any]:
    """What run.json says of the data: plain values."""
    return {
        "name": table.name,
        "fingerprint": table.fingerprint,
        "shape": list(table.shape),
        "examples": len(table),
        "training": len(table.rows("train")),
        **({"classes": list(table.classes), "counts": class_counts(table).tolist()} if table.classes else {}),
        **({"vectors": table.vectors.shape[1]} if table.vectors is not None else {}),
        **({"attributes": facts_of(attributes)} if (attributes := table_attributes(table)) else {}),
        **({"unknown": unknown} if (unknown := without_condition(table)) else {}),
        **({"columns": list(table.columns)} if table.columns else {}),
        "splits": {split: len(table.rows(split)) for split in SPLITS},
        "format": table.format,
        "notes": list(table.notes),
        **({"scale": table.scale.facts()} if table.scale is not None else {}),
        **({"sources": table.sources.facts()} if table.sources is not None else {}),
        "skipped": [str(each) for each in table.skipped],
    }
