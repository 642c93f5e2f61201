"""Image files that somebody names one by one: read as the rows of a table are, but into memory and past the cache."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advnets.data.decode import UnusableError, decode
from advnets.data.depth import Depth, Range, check_filled, extremes
from advnets.data.options import Fit
from advnets.data.resize import COLORS_LOST, FILE_CHANNELS, OPACITY, color_changes, fit_image, image_row
from advnets.data.table import Skipped, skip
from advnets.errors import DataError


@dataclass(frozen=True, eq=False)
class Loose:
    """Images of files.

    Args:
        values: uint8, N x C x H x W.
        names: what each is called: its file's path as it was given, with #PAGE for one of several pages.
        skipped: files in folders that are no usable images.
        lost: names of those that had colors and are gray now.
    """

    values: NDArray[np.uint8]
    names: Sequence[str]
    skipped: Sequence[Skipped] = ()
    lost: Sequence[str] = ()

    @property
    def notes(self) -> list[str]:
        """What was done to them, a sentence each without its full stop."""
        if not self.lost:
            return []
        one = len(self.lost) == 1
        return [
            f"{self.lost[0]} loses its colors"
            if one
            else f"{len(self.lost):,} images, as {self.lost[0]}, {COLORS_LOST}"
        ]


def read_loose(
    paths: Sequence[Path], shape: tuple[int, ...], fit: Fit = "crop", value_range: Range | None = None
) -> Loose:
    """The images of files and folders, in the order given; of a folder all files in it and below it, by name.

    Args:
        paths: files and folders.
        shape: C x H x W that they are brought to.
        fit: how, where their aspect is another.
        value_range: the values that become black and white; by default the whole range of their type.

    Raises:
        DataError: a file that was named is no usable image, a folder has none, or the shape is no image's.
    """
    channels, height, width = shape
    if channels not in FILE_CHANNELS:
        raise DataError(f"image files have 1, 3 or 4 channels, not {channels}", "give an array in Python")
    values: list[NDArray[np.uint8]] = []
    names: list[str] = []
    lost: list[str] = []
    skipped: list[Skipped] = []
    depths: dict[str, Depth] = {}
    for path, named in _files(paths):
        try:
            with warnings.catch_warnings(), path.open("rb") as file:
                warnings.simplefilter("ignore")
                for each in decode(file, value_range=value_range, opacity=channels == OPACITY):
                    values.append(image_row(fit_image(each.image, (height, width), fit), channels))
                    names.append(f"{path}#{each.page}" if each.page else str(path))
                    lost += names[-1:] if COLORS_LOST in color_changes(np.asarray(each.image), channels) else []
                    depths = extremes((*depths.values(), *(() if each.depth is None else (each.depth,))))
        except (UnusableError, OSError) as error:
            reason = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
            if named:
                raise DataError(f"{path}: {reason}", "name an image, or a folder of images") from None
            skipped.append(skip(str(path), reason))
    if not values:
        raise DataError(f"{', '.join(map(str, paths))}: no usable image", "name images, or a folder of images")
    check_filled(names[0] if len(names) == 1 else f"{names[0]} and others", depths)
    return Loose(np.stack(values), names, skipped, lost)


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Every file, and whether it was named itself."""
    for path in paths:
        if path.is_dir():
            below = (each for each in path.rglob("*") if each.is_file())
            yield from ((each, False) for each in sorted(below) if not each.name.startswith("."))
        elif path.exists() and not path.is_file():
            raise DataError(f"{path}: no file", "name an image, or a folder of images")
        else:
            yield path, True
