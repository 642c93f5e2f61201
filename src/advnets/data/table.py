"""What every source becomes: one table of images, with its labels, its splits and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from advnets.errors import DataError

SPLITS = ("train", "valid", "test")


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
    """A `Skipped` whose name prints on one line whatever bytes the file system or archive allowed in it."""
    encoded = name.encode("utf-8", "backslashreplace").decode("utf-8")
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in encoded)
    return Skipped(printable, reason)


@dataclass(frozen=True, eq=False)
class ImageTable:
    """Images of one shape, stored as bytes and mapped from disk.

    Args:
        images: uint8, N x C x H x W, C-contiguous, read-only, mapped from the cache.
        labels: int64, N, indices into `classes`; None where the source has none.
        classes: the names of the labels; empty without labels.
        fingerprint: SHA-256 (hex) of the stored content and of what was done to it.
        name: "mnist", or the name of the folder, archive or file.
        skipped: files that were left out, in the order in which they were met.
        splits: sorted int64 row numbers of "train", "valid" and "test". Empty: every row is for training.
        stack_of: opens the table that each channel is an image of, with labels that are the digits of this table's
            (stacked-mnist: mnist); None where channels are colors.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    fingerprint: str
    name: str
    skipped: tuple[Skipped, ...] = ()
    splits: Mapping[str, NDArray[np.int64]] = field(default_factory=dict[str, NDArray[np.int64]])
    stack_of: Callable[[], ImageTable] | None = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        channels, height, width = self.images.shape[1:]
        return channels, height, width

    def rows(self, split: str) -> NDArray[np.int64]:
        """Row numbers of a split.

        Args:
            split: "train", "valid", "test" or "all".

        Returns:
            int64, sorted, read-only. "valid" and "test" may be empty when the table is tiny.

        Raises:
            DataError: there is no such split.
        """
        if split != "all" and split not in SPLITS:
            raise DataError(f"there is no split {split!r}", f"choose one of {', '.join(SPLITS)}, all")
        if split in self.splits:
            return self.splits[split]
        everything = split == "all" or (split == "train" and not self.splits)
        rows = np.arange(len(self) if everything else 0, dtype=np.int64)
        rows.flags.writeable = False
        return rows
